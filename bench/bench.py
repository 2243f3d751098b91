#!/usr/bin/python3
"""Measures Stator, and its peers beside it, on this machine.

Each server gets the same 10,000 items of 1 KiB and the same requests from wrk, in rounds that take
the servers in turn, so that a slow minute of the machine hits all of them; a figure is the median
of its rounds. Prints tables; bench/results/ keeps every run as JSON.

CPU is that of the server process (user and system) by request: the one figure that wrk's own
hunger on a small machine does not touch.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import http.client
import socket

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, 'tools'))
import node

OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'BatchGetItem', 'TransactWriteItems']
CONNECTIONS = [32, 1, 64, 512]  # the first is measured for all operations, the others for the first two
PARTITIONS, SORTS = 1000, 10
FILLER = 'stator--' * 113
START_SECONDS_MAX = 20
TICK = os.sysconf('SC_CLK_TCK')
HEADERS = {
    'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Date': '20250101T000000Z',
    'Authorization': 'AWS4-HMAC-SHA256 Credential=bench/20250101/us-east-1/dynamodb/aws4_request, '
                     'SignedHeaders=host;x-amz-date;x-amz-target, Signature=' + '0' * 64,
}


class Server:
    """One program under measurement: its command, with {port} and {directory} to be filled in."""

    def __init__(self, name, command, stream=None):
        self.name, self.command = name, command
        self.stream = {'StreamSpecification': {'StreamEnabled': True, 'StreamViewType': stream}} if stream else {}
        self.process = self.directory = self.port = None

    def start(self):
        """Seconds until it answered."""
        self.directory = tempfile.mkdtemp(prefix='stator-bench-', dir=os.path.join(HERE, 'results'))
        self.port = free_port()
        command = [part.format(port=self.port, directory=os.path.join(self.directory, 'data')) for part in self.command]
        begun = time.monotonic()
        with open(os.path.join(self.directory, 'log'), 'wb') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while True:
            try:
                self.call('ListTables', {})
                return time.monotonic() - begun
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begun > START_SECONDS_MAX:
                    with open(os.path.join(self.directory, 'log'), encoding='utf-8', errors='replace') as log:
                        sys.exit(f'{self.name} does not answer: {log.read()[-2000:]}')
                time.sleep(0.0005)

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            shutil.rmtree(self.directory)

    def call(self, operation, body):
        """(HTTP status, parsed answer)"""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        try:
            connection.request('POST', '/', json.dumps(body),
                               {**HEADERS, 'X-Amz-Target': 'DynamoDB_20120810.' + operation})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b'{}')
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error
        finally:
            connection.close()

    def must(self, operation, body):
        status, answer = self.call(operation, body)
        if status != 200:
            sys.exit(f'{self.name}: {operation} answers {status} {answer}')
        return answer

    def load(self):
        self.must('CreateTable', {
            'TableName': 'bench', 'BillingMode': 'PAY_PER_REQUEST', **self.stream,
            'AttributeDefinitions': [{'AttributeName': 'pk', 'AttributeType': 'S'}, {'AttributeName': 'sk', 'AttributeType': 'N'}],
            'KeySchema': [{'AttributeName': 'pk', 'KeyType': 'HASH'}, {'AttributeName': 'sk', 'KeyType': 'RANGE'}]})
        while self.must('DescribeTable', {'TableName': 'bench'})['Table']['TableStatus'] != 'ACTIVE':
            time.sleep(0.05)
        puts = [{'PutRequest': {'Item': {'pk': {'S': f'p{p}'}, 'sk': {'N': str(s)}, 'count': {'N': '1'}, 'data': {'S': FILLER}}}}
                for p in range(PARTITIONS) for s in range(SORTS)]
        for at in range(0, len(puts), 25):
            left = self.must('BatchWriteItem', {'RequestItems': {'bench': puts[at:at + 25]}}).get('UnprocessedItems')
            if left:
                sys.exit(f'{self.name}: BatchWriteItem leaves items unprocessed')

    def has(self, operation):
        _, answer = self.call(operation, {})
        return not str(answer.get('__type', '')).endswith(('UnknownOperationException', 'UnknownOperation'))

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mb(self):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith('VmRSS'))

    def measure(self, operation, connections, seconds, seed):
        before = self.cpu_seconds()
        done = subprocess.run(['wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '--timeout', '20s', '-s',
                               os.path.join(HERE, 'request.lua'), f'http://127.0.0.1:{self.port}/', '--', operation, str(seed)],
                              capture_output=True, text=True, check=False)
        spent = self.cpu_seconds() - before
        line = next((line for line in done.stdout.splitlines() if line.startswith('{')), None)
        if done.returncode or not line:
            sys.exit(f'wrk failed: {done.stdout}{done.stderr}')
        run = json.loads(line)
        requests = max(run['requests'], 1)
        return {'per_second': run['requests'] / run['seconds'], 'p50_us': run['p50_us'], 'p99_us': run['p99_us'],
                'cpu_us': spent * 1e6 / requests, 'refused': run['refused'] / requests, 'broken': run['broken']}


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def servers(arguments):
    stator = os.path.join(ROOT, 'build/stator')
    if arguments.streams:
        for stream in (None, 'KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'):
            yield Server((stream or 'no stream').lower().replace('_images', ''),
                         [stator, 'serve', '--port', '{port}', '--data-dir', '{directory}'], stream)
        return
    if os.access(stator, os.X_OK):
        yield Server('stator', [stator, 'serve', '--port', '{port}', '--data-dir', '{directory}'])
        yield Server('stator memory', [stator, 'serve', '--port', '{port}', '--in-memory'])
    elif arguments.no_peers:
        sys.exit('build/stator is not there: make')
    if arguments.no_peers:
        return
    modules = arguments.peers or os.path.join(HERE, 'node_modules')
    if not arguments.peers:
        trouble = node.prepare('bench')
        if trouble:
            sys.exit('\n'.join(['the peers cannot be had (--no-peers does without):', *trouble]))
    dynoxide = os.path.join(modules, '@dynoxide/linux-x64/dynoxide')
    if os.path.exists(dynoxide):
        yield Server('dynoxide', [dynoxide, 'serve', '--port', '{port}', '--db-path', '{directory}'])
        yield Server('dynoxide memory', [dynoxide, 'serve', '--port', '{port}'])
    dynalite = os.path.join(modules, 'dynalite/cli.js')
    if os.path.exists(dynalite):
        yield Server('dynalite memory', [node.binary(), dynalite, '--host', '127.0.0.1', '--port', '{port}', '--createTableMs', '0'])


def measure_all(all_servers, arguments):
    """{server: {'start_ms': [...], 'rss_mb': {...}, 'runs': {'GetItem 32': [run, ...]}}}"""
    results = {server.name: {'start_ms': [], 'runs': {}} for server in all_servers}
    for round_number in range(arguments.rounds):
        for server in all_servers:
            results[server.name]['start_ms'].append(server.start() * 1000)
            if round_number < arguments.rounds - 1:
                server.stop()
    for server in all_servers:
        idle = server.rss_mb()
        server.load()
        results[server.name]['rss_mb'] = {'idle': idle, 'loaded': server.rss_mb()}
    known = {server.name: [o for o in arguments.operations if server.has(o)] for server in all_servers}
    for round_number in range(arguments.rounds):
        for connections in arguments.connections:
            for operation in arguments.operations if connections == arguments.connections[0] else arguments.operations[:2]:
                for server in all_servers:
                    if operation in known[server.name]:
                        run = server.measure(operation, connections, arguments.seconds, round_number + 1)
                        results[server.name]['runs'].setdefault(f'{operation} {connections}', []).append(run)
        print(f'round {round_number + 1} of {arguments.rounds}', file=sys.stderr)
    for server in all_servers:
        results[server.name]['rss_mb']['after'] = server.rss_mb()
    return results


def middle(runs, what):
    return statistics.median(run[what] for run in runs)


def print_tables(results):
    names = list(results)
    first = names[0]
    print(f'\n{"":<24}' + ''.join(f'{name:>18}' for name in names))
    rows = [('start to answer, ms', lambda r: statistics.median(r['start_ms']))]
    rows += [(f'RSS {when}, MB', lambda r, when=when: r['rss_mb'][when]) for when in ('idle', 'loaded', 'after')]
    for title, value in rows:
        print(f'{title:<24}' + ''.join(f'{value(results[name]):>18.1f}' for name in names))
    runs = dict.fromkeys(key for name in names for key in results[name]['runs'])
    for what, title, form in (('per_second', 'requests/s', ',.0f'), ('cpu_us', 'server CPU, us/request', '.1f'),
                              ('p50_us', 'p50, us', ',.0f'), ('p99_us', 'p99, us', ',.0f')):
        print(f'\n{title + " (x: " + first + " = 1)":<24}')
        for key in runs:
            base = results[first]['runs'].get(key)
            operation, connections = key.split()
            line = f'{operation + ", " + connections:<24}'
            for name in names:
                here = results[name]['runs'].get(key)
                text = '-'
                if here:
                    value = middle(here, what)
                    of = middle(base, what) if base else 0
                    text = f'{value:{form}}' + (f' ({value / of:.2f}x)' if of else '')
                    if middle(here, 'refused') > 0.01 or middle(here, 'broken'):
                        text += ' !'
                line += f'{text:>18}'
            print(line)
    print('\n! = over 1 % of the requests were refused, or connections broke: not to be compared')


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--no-peers', action='store_true', help='Stator alone')
    parser.add_argument('--streams', action='store_true', help='Stator alone, without a stream and with each of its views')
    parser.add_argument('--peers', metavar='DIR', help='a node_modules folder that has the peers')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=int, default=4, help='for each measurement')
    parser.add_argument('--operations', nargs='+', default=OPERATIONS, choices=OPERATIONS)
    parser.add_argument('--connections', nargs='+', type=int, default=CONNECTIONS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not shutil.which('wrk'):
        sys.exit('wrk is missing: apt-get install wrk')
    os.makedirs(os.path.join(HERE, 'results'), exist_ok=True)
    all_servers = list(servers(arguments))
    try:
        results = measure_all(all_servers, arguments)
    finally:
        for server in all_servers:
            server.stop()
    with open(os.path.join(HERE, 'results', time.strftime('%Y%m%d-%H%M%S.json')), 'w', encoding='utf-8') as file:
        json.dump({'cpus': os.cpu_count(), 'seconds': arguments.seconds, 'results': results}, file, indent=1)
    print_tables(results)
    return 0


if __name__ == '__main__':
    sys.exit(main())
