#!/usr/bin/python3
"""Measures what flushes and compactions do to those who wait.

Minutes of mixed writes and reads at a fixed rate (bench/load; latency from the intended start), over data of
several times the memory tables. Every few seconds are a measurement of their own, quiet or not by what the
engine says of itself meanwhile.
"""
import argparse
import json
import os
import statistics
import sys
import threading
import time
import urllib.request

import work
from bench import say, stator_command
from servers import HERE, Server

KEYS = 400000  # of 1 KiB: six times the memory tables
STEP_SECONDS = 2
BUSY = ('stator_flushes_running', 'stator_compactions_running')


def mixed(rng):
    at, draw = work.key(rng.randrange(KEYS), 0), rng.random()
    if draw < 0.5:
        return 'PutItem', {'TableName': 'bench', 'Item': {**at, 'count': {'N': '1'}, 'data': {'S': rng.randbytes(450).hex()}}}
    if draw < 0.7:
        return 'UpdateItem', {'TableName': 'bench', 'Key': at, 'UpdateExpression': 'ADD #c :one SET note = :note',
                              'ExpressionAttributeNames': {'#c': 'count'},
                              'ExpressionAttributeValues': {':one': {'N': '1'}, ':note': {'S': rng.randbytes(8).hex()}}}
    if draw < 0.75:
        return 'DeleteItem', {'TableName': 'bench', 'Key': at}
    return 'GetItem', {'TableName': 'bench', 'Key': at}


class Watch:
    """What the engine says of itself, ten times a second."""

    def __init__(self, port):
        self.port, self.seen, self.over = port, {}, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def read(self):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}/metrics', timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith('stator_') and '{' not in line}

    def run(self):
        while not self.over:
            for name, value in self.read().items():
                self.seen[name] = max(self.seen.get(name, 0), value)
            time.sleep(0.1)

    def take(self):
        seen, self.seen = self.seen, {}
        return seen

    def stop(self):
        self.over = True
        self.thread.join()


def middle(runs, what):
    return statistics.median(run[what] for run in runs) if runs else None


def show(runs):
    quiet = [run for run in runs if not run['busy']]
    busy = [run for run in runs if run['busy']]
    print(f'\n{"":<34}{"steps":>7}{"p50, us":>10}{"p99, us":>10}{"p99.9, us":>11}{"worst p99.9":>13}')
    for name, of in (('quiet', quiet), ('flush or compaction', busy)):
        if of:
            print(f'{name:<34}{len(of):>7}' + ''.join(f'{middle(of, what):>10,.0f}' for what in ('p50_us', 'p99_us')) +
                  f'{middle(of, "p999_us"):>11,.0f}{max(run["p999_us"] for run in of):>13,.0f}')
    if quiet and busy:
        print(f'p99.9 while the engine works, by that of quiet steps: {middle(busy, "p999_us") / middle(quiet, "p999_us"):.2f}')
    print(f'highest RSS {max(run["rss_mb"] for run in runs):.0f} MB; writes slowed down in {sum(run["slowed"] for run in runs)} steps,'
          f' stopped in {sum(run["stopped"] for run in runs)}; refused {max(run["refused"] for run in runs):.4f}')


def measure(server, arguments):
    watch, runs = Watch(server.port), []
    try:
        until = time.monotonic() + arguments.minutes * 60
        while time.monotonic() < until:
            watch.take()
            run = server.open('mixed', arguments.rate, STEP_SECONDS, len(runs))
            seen = watch.take()
            run['busy'] = any(seen.get(name, 0) > 0 for name in BUSY)
            run['slowed'], run['stopped'] = seen.get('stator_delayed_write_rate_bytes', 0) > 0, seen.get('stator_writes_stopped', 0) > 0
            run['rss_mb'] = server.rss_mb()
            runs.append(run)
    finally:
        watch.stop()
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--minutes', type=float, default=10)
    parser.add_argument('--rate', type=int, default=8000, help='requests a second, three quarters of them writes')
    parser.add_argument('--options', default='', help='of the server, as one text')
    arguments = parser.parse_args()
    work.KINDS['mixed'], work.REQUESTS['mixed'] = mixed, arguments.rate * STEP_SECONDS
    server = Server('stator', stator_command('--data-dir', '{directory}', *arguments.options.split()), ours=True, durable=True)
    server.start()
    try:
        server.must('CreateTable', work.TABLES['bench'])
        say(f'{arguments.minutes} minutes at {arguments.rate}/s')
        runs = measure(server, arguments)
        show(runs)
        print(f'{server.disk_bytes() >> 20} MB on disk')
    finally:
        server.stop()
    with open(os.path.join(HERE, 'results', time.strftime('long-%Y%m%d-%H%M%S.json')), 'w', encoding='utf-8') as file:
        json.dump({'cpus': os.cpu_count(), 'rate': arguments.rate, 'runs': runs}, file, indent=1)
    return 0


if __name__ == '__main__':
    sys.exit(main())
