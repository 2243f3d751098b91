"""The programs under measurement: started, filled, asked, ended."""
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import work

HERE = os.path.dirname(os.path.abspath(__file__))
START_SECONDS_MAX = 20
TICK = os.sysconf('SC_CLK_TCK')
CLK = {'Content-Type': 'application/x-amz-json-1.0'}


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """A command, with {port} and {directory} to be filled in."""

    def __init__(self, name, command, signed=False, ours=False, durable=False):
        self.name, self.command, self.signed, self.ours, self.durable = name, command, signed, ours, durable
        self.process = self.directory = self.port = None

    def start(self):
        """Seconds until it answered."""
        self.directory = tempfile.mkdtemp(prefix='stator-bench-', dir=os.path.join(HERE, 'results'))
        self.port = free_port()
        command = [part.format(port=self.port, directory=os.path.join(self.directory, 'data')) for part in self.command]
        environment = {**os.environ, 'STATOR_ROOT_ACCESS_KEY_ID': work.ACCESS_KEY, 'STATOR_ROOT_SECRET_ACCESS_KEY': work.SECRET_KEY}
        begun = time.monotonic()
        with open(os.path.join(self.directory, 'log'), 'wb') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
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

    # ---- asking ----

    def call(self, operation, body):
        """(HTTP status, parsed answer)"""
        stamp = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
        made_key = work.signing_key(stamp[:8]) if self.signed else None
        text, target = json.dumps(body).encode(), 'DynamoDB_20120810.' + operation
        headers = {**CLK, 'X-Amz-Target': target, 'X-Amz-Date': stamp,
                   'Authorization': work.authorization(f'127.0.0.1:{self.port}', target, text, stamp, made_key)}
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=120)
        try:
            connection.request('POST', '/', text, headers)
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

    def has(self, operation):
        _, answer = self.call(operation, {})
        return not str(answer.get('__type', '')).endswith(('UnknownOperationException', 'UnknownOperation'))

    # ---- filling ----

    def load(self, names):
        for name in names:
            self.must('CreateTable', work.TABLES[name])
            while self.must('DescribeTable', {'TableName': name})['Table']['TableStatus'] != 'ACTIVE':
                time.sleep(0.05)
            if name in work.AFTERWARDS:
                self.must(*work.AFTERWARDS[name])
            self.fill(name, work.items(name))

    def fill(self, name, items):
        batch = []
        for item in items:
            batch.append({'PutRequest': {'Item': item}})
            if len(batch) == 25:
                self.put(name, batch)
                batch = []
        if batch:
            self.put(name, batch)

    def put(self, name, batch):
        if self.must('BatchWriteItem', {'RequestItems': {name: batch}}).get('UnprocessedItems'):
            sys.exit(f'{self.name}: BatchWriteItem leaves items unprocessed')

    # ---- looking ----

    def cpu_seconds(self):
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mb(self):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith('VmRSS'))

    def disk_bytes(self):
        return sum(os.path.getsize(os.path.join(top, name)) for top, _, names in os.walk(self.directory) for name in names if name != 'log')

    def syncs(self):
        """Groups of writes made durable so far; None for programs that do not tell."""
        if not (self.ours and self.durable):
            return None
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        connection.request('GET', '/metrics')
        found = re.search(r'^stator_commit_group_updates_count (\d+)$', connection.getresponse().read().decode(), re.M)
        connection.close()
        return int(found.group(1)) if found else None

    # ---- measuring ----

    def requests(self, kind, seed):
        path = os.path.join(self.directory, 'requests')
        work.write_requests(path, kind, self.port, seed, self.signed)
        return path

    def watched(self, command):
        """Runs a load generator; what it printed, with the server's own cost."""
        cpu, syncs = self.cpu_seconds(), self.syncs()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        spent = self.cpu_seconds() - cpu
        line = next((line for line in done.stdout.splitlines() if line.startswith('{')), None)
        if done.returncode or not line:
            sys.exit(f'{command[0]} failed: {done.stdout}{done.stderr}')
        run = json.loads(line)
        run['per_second'] = run['requests'] / run['seconds']
        run['cpu_us'] = spent * 1e6 / max(run['requests'], 1)
        run['refused'] /= max(run['requests'], 1)
        if syncs is not None:
            run['syncs_per_second'] = (self.syncs() - syncs) / run['seconds']
        return run

    def closed(self, kind, connections, seconds, seed):
        return self.watched(['wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '--timeout', '20s', '-s',
                             os.path.join(HERE, 'request.lua'), f'http://127.0.0.1:{self.port}/', '--', self.requests(kind, seed)])

    def open(self, kind, rate, seconds, seed):
        return self.watched([os.path.join(os.path.dirname(HERE), 'build/bench/load'), str(self.port), f'{rate:.0f}', str(seconds),
                             '256', self.requests(kind, seed)])
