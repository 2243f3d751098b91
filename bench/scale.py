#!/usr/bin/python3
"""Measures what much data costs a GetItem.

A million items  beside ten thousand, durable and in memory
Beyond memory    data of four times --cache-mb, beside ten thousand items of 1 KiB that fit
Cold files       the same data out of the kernel's memory, too: what those feel who ask for what is cached

Keys at random, 32 connections; server CPU by request, medians of interleaved rounds.
"""
import argparse
import base64
import concurrent.futures
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import time

import work
from bench import CONNECTIONS, say, stator_command
from servers import HERE, Server

SMALL = 10000
MILLION, MILLION_BYTES = 1000000, 100
CACHE_MB, TIMES, LARGE_BYTES = 64, 4, 1000
LARGE = TIMES * CACHE_MB * 2**20 // (LARGE_BYTES + 50)
REQUESTS = 150000  # made for a measurement: more than a cache remembers of the large tables
LOADERS, BATCH = 4, 25
HOT_RATE = 2000
TARGET = 'DynamoDB_20120810.BatchWriteItem'
HEADERS = {'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': TARGET, 'X-Amz-Date': '20250101T000000Z',
           'Authorization': work.authorization('', TARGET, b'', '20250101T000000Z', None)}


def load_part(port, table, count, size, part):
    """Items whose bytes nothing compresses."""
    rng = random.Random(part)
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    for at in range(part * BATCH, count, LOADERS * BATCH):
        puts = [{'PutRequest': {'Item': {**work.key(i, 0), 'data': {'S': base64.b64encode(rng.randbytes(size * 3 // 4)).decode()}}}}
                for i in range(at, min(at + BATCH, count))]
        connection.request('POST', '/', json.dumps({'RequestItems': {table: puts}}), HEADERS)
        answer = json.loads(connection.getresponse().read())
        if answer.get('UnprocessedItems') != {}:
            sys.exit(f'BatchWriteItem answers {answer}')
    connection.close()


def load(server, table, count, size):
    say(f'{server.name}: {count} items of {size} bytes')
    server.must('CreateTable', work.table(table))
    with concurrent.futures.ProcessPoolExecutor(LOADERS) as pool:
        list(pool.map(load_part, *zip(*[(server.port, table, count, size, part) for part in range(LOADERS)])))


def reads_of(table, count):
    """The name of a kind of work."""
    kind = f'GetItem, {table}'
    work.KINDS[kind] = lambda rng: ('GetItem', {'TableName': table, 'Key': work.key(rng.randrange(count), 0)})
    work.REQUESTS[kind] = min(count, REQUESTS)
    return kind


def compare(server, kinds, rounds, seconds):
    runs = {kind: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind in kinds:
            run = server.closed(kind, CONNECTIONS, seconds, number)
            if number > 0:  # the first warms
                runs[kind].append(run)
    return {kind: {what: statistics.median(run[what] for run in of) for what in ('cpu_us', 'per_second', 'p50_us', 'p99_us')}
            for kind, of in runs.items()}


def forget_pages(server):
    """Out of the kernel's memory."""
    directory = os.path.join(server.directory, 'data')
    for name in os.listdir(directory):
        if os.path.isfile(os.path.join(directory, name)):
            subprocess.run(['dd', f'if={os.path.join(directory, name)}', 'iflag=nocache', 'count=0', 'status=none'], check=True)


def hot_beside_cold(server, hot, cold, seconds):
    """Open loop on what is cached, alone and while others make the disk work."""
    alone = server.open(hot, HOT_RATE, seconds, 1)
    forget_pages(server)
    path = os.path.join(server.directory, 'cold')
    work.write_requests(path, cold, server.port, 99)
    beside = subprocess.Popen(['wrk', '-t1', '-c8', f'-d{seconds + 2}s', '--timeout', '20s', '-s', os.path.join(HERE, 'request.lua'),
                               f'http://127.0.0.1:{server.port}/', '--', path], stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    busy = server.open(hot, HOT_RATE, seconds, 2)
    text, _ = beside.communicate()
    cold_run = json.loads(next(line for line in text.splitlines() if line.startswith('{')))
    return {'alone': alone, 'beside': busy, 'cold_per_second': cold_run['requests'] / cold_run['seconds'], 'cold_p50_us': cold_run['p50_us']}


def show(title, results, first):
    print(f'\n{title}')
    for kind, run in results.items():
        print(f'  {kind:<22}{run["cpu_us"]:>8.1f} us CPU ({run["cpu_us"] / results[first]["cpu_us"]:.2f}x){run["per_second"]:>10,.0f}/s'
              f'   p50 {run["p50_us"]:,.0f} us   p99 {run["p99_us"]:,.0f} us')


def million(command, name, durable, arguments):
    server = Server(name, command, ours=True, durable=durable)
    server.start()
    try:
        load(server, 'small', SMALL, MILLION_BYTES)
        load(server, 'million', arguments.items, MILLION_BYTES)
        kinds = [reads_of('small', SMALL), reads_of('million', arguments.items)]
        results = compare(server, kinds, arguments.rounds, arguments.seconds)
        show(f'{name}: {arguments.items:,} items beside {SMALL:,} (RSS {server.rss_mb():.0f} MB)', results, kinds[0])
        return results
    finally:
        server.stop()


def beyond_memory(arguments):
    server = Server('stator', stator_command('--data-dir', '{directory}', '--cache-mb', str(CACHE_MB)), ours=True, durable=True)
    server.start()
    try:
        load(server, 'small', SMALL, LARGE_BYTES)
        load(server, 'large', LARGE, LARGE_BYTES)
        kinds = [reads_of('small', SMALL), reads_of('large', LARGE)]
        results = compare(server, kinds, arguments.rounds, arguments.seconds)
        show(f'--cache-mb {CACHE_MB}, data of {TIMES} times that (RSS {server.rss_mb():.0f} MB)', results, kinds[0])
        results['hot beside cold'] = both = hot_beside_cold(server, kinds[0], kinds[1], arguments.seconds)
        print(f'  cached items at {HOT_RATE}/s while files are cold ({both["cold_per_second"]:,.0f}/s of them, p50 {both["cold_p50_us"]:,} us):')
        for when in ('alone', 'beside'):
            print(f'    {when:<10}p50 {both[when]["p50_us"]:,} us   p99 {both[when]["p99_us"]:,} us   p99.9 {both[when]["p999_us"]:,} us')
        return results
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=int, default=3)
    parser.add_argument('--items', type=int, default=MILLION)
    arguments = parser.parse_args()
    results = {'million, durable': million(stator_command('--data-dir', '{directory}'), 'stator', True, arguments),
               'million, memory': million(stator_command('--in-memory'), 'stator memory', False, arguments),
               'beyond memory': beyond_memory(arguments)}
    with open(os.path.join(HERE, 'results', time.strftime('scale-%Y%m%d-%H%M%S.json')), 'w', encoding='utf-8') as file:
        json.dump({'cpus': os.cpu_count(), 'results': results}, file, indent=1)
    return 0


if __name__ == '__main__':
    sys.exit(main())
