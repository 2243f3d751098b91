#!/usr/bin/python3
"""Measures what building an index costs those who use its table meanwhile.

Loads a table, measures requests at a fixed rate (bench/load), adds an index, and measures the same
requests again while it is built, and once more afterwards. `--restart` kills the server in the middle of a second
build, on the same table, and tells how long the rest took.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import time

import work
from servers import HERE, Server

FILLER = 'stator--' * 25
BATCH, LOADERS = 25, 8
RATES = {'GetItem': 4000, 'PutItem': 1000}  # a second


def load(server, count):
    def part(number):
        connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=60)
        target = 'DynamoDB_20120810.BatchWriteItem'
        headers = {'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': target, 'X-Amz-Date': '20250101T000000Z',
                   'Authorization': work.authorization('', target, b'', '20250101T000000Z', None)}
        for at in range(number * BATCH, count, LOADERS * BATCH):
            puts = ','.join(f'{{"PutRequest":{{"Item":{{"pk":{{"S":"bulk{n}"}},"sk":{{"N":"0"}},"count":{{"N":"{n}"}},'
                            f'"data":{{"S":"{FILLER}"}}}}}}}}' for n in range(at, min(at + BATCH, count)))
            connection.request('POST', '/', f'{{"RequestItems":{{"bench":[{puts}]}}}}', headers)
            answer = json.loads(connection.getresponse().read())
            if answer.get('UnprocessedItems') != {}:
                sys.exit(f'BatchWriteItem answers {answer}')
        connection.close()
    with concurrent.futures.ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(part, range(LOADERS)))


def start_build(server, name):
    server.must('UpdateTable', {
        'TableName': 'bench', 'AttributeDefinitions': [{'AttributeName': 'count', 'AttributeType': 'N'}],
        'GlobalSecondaryIndexUpdates': [{'Create': {
            'IndexName': name, 'KeySchema': [{'AttributeName': 'count', 'KeyType': 'HASH'}],
            'Projection': {'ProjectionType': 'ALL'}}}]})


def index(server, name):
    indexes = server.must('DescribeTable', {'TableName': 'bench'})['Table']['GlobalSecondaryIndexes']
    return next(index for index in indexes if index['IndexName'] == name)


def measure(server, arguments, while_building=None):
    """{operation: [run, ...]}, in turns; with a name, as long as that index is being built."""
    runs = {operation: [] for operation in RATES}
    for turn in range(1000 if while_building else arguments.rounds):
        for operation, rate in RATES.items():
            if while_building and index(server, while_building)['IndexStatus'] == 'ACTIVE':
                return runs
            runs[operation].append(server.open(operation, rate, arguments.seconds, turn + 1))
    return runs


def wait_active(server, name):
    while index(server, name)['IndexStatus'] != 'ACTIVE':
        time.sleep(0.01)


def show(when, runs):
    for operation, all_runs in runs.items():
        if all_runs:
            figures = [f'{what} {statistics.median(run[what] for run in all_runs):,.0f}' for what in ('per_second', 'p50_us', 'p99_us')]
            print(f'{when:<16}{operation:<12}' + '  '.join(figures) + f'  ({len(all_runs)} runs)', flush=True)


def restarted(server):
    """Kills it in the middle of a build; seconds until the build was complete after the new start."""
    start_build(server, 'second')
    half = server.must('DescribeTable', {'TableName': 'bench'})['Table']['ItemCount'] // 2
    while index(server, 'second')['ItemCount'] < half:
        time.sleep(0.005)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    command = [part.format(port=server.port, directory=os.path.join(server.directory, 'data')) for part in server.command]
    with open(os.path.join(server.directory, 'log'), 'ab') as log:
        server.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    while True:
        try:
            kept = index(server, 'second')['ItemCount']
            break
        except OSError:
            time.sleep(0.005)
    begun = time.monotonic()
    wait_active(server, 'second')
    print(f'killed with more than {half:,} entries; {kept:,} were there after the start; the rest took {time.monotonic() - begun:.1f} s')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n', maxsplit=1)[0])
    parser.add_argument('--items', type=int, default=200000)
    parser.add_argument('--seconds', type=int, default=2, help='for each measurement')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--quiet', action='store_true', help='only the build, with nobody else there')
    parser.add_argument('--restart', action='store_true')
    arguments = parser.parse_args()
    os.makedirs(os.path.join(HERE, 'results'), exist_ok=True)
    command = [os.path.join(os.path.dirname(HERE), 'build/stator'), 'serve', '--port', '{port}', '--data-dir', '{directory}']
    server = Server('stator', command, ours=True, durable=True)
    server.start()
    try:
        server.load(['bench'])
        begun = time.monotonic()
        load(server, arguments.items)
        print(f'{arguments.items:,} items loaded in {time.monotonic() - begun:.1f} s', flush=True)
        if not arguments.quiet:
            show('before', measure(server, arguments))
        begun, cpu = time.monotonic(), server.cpu_seconds()
        start_build(server, 'first')
        if not arguments.quiet:
            show('while built', measure(server, arguments, 'first'))
        wait_active(server, 'first')
        print(f'built in {time.monotonic() - begun:.1f} s, server CPU {server.cpu_seconds() - cpu:.1f} s', flush=True)
        if not arguments.quiet:
            show('afterwards', measure(server, arguments))
        if arguments.restart:
            restarted(server)
    finally:
        server.stop()
    return 0


if __name__ == '__main__':
    sys.exit(main())
