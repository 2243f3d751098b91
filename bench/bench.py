#!/usr/bin/python3
"""Measures Stator, and its peers beside it, on this machine.

Every server gets the same items and the same requests, in rounds that take the servers in turn, so that
a slow minute of the machine hits all of them; a figure is the median of its rounds. Prints tables;
bench/results/ keeps every run as JSON.

closed loop   wrk, which asks again when it has its answer: how much the server can do
open loop     bench/load, which asks at half of that rate whatever the answers do: what a user waits
CPU           of the server process (user and system) by request: the one figure that a load generator's
              own hunger on a small machine does not touch
"""
import argparse
import json
import os
import shutil
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, 'tools'))
import node
import work
from servers import Server

CONNECTIONS = 32
MORE_CONNECTIONS = {'GetItem': [1, 512], 'PutItem': [1, 64, 512], 'hot key': [64]}
OPEN_KINDS = ['GetItem', 'PutItem', 'UpdateItem', 'Query', 'YCSB A']
SIGNED_KINDS = ['GetItem', 'PutItem']


def stator_command(*more):
    return [os.path.join(ROOT, 'build/stator'), 'serve', '--port', '{port}', *more]


def stators():
    yield Server('stator', stator_command('--data-dir', '{directory}'), ours=True, durable=True)
    yield Server('stator memory', stator_command('--in-memory'), ours=True)


def signed_stator():
    return Server('stator signed', stator_command('--data-dir', '{directory}', '--auth'), signed=True, ours=True, durable=True)


def peers(arguments):
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


# ---- measuring ----

def say(text):
    print(f'{time.strftime("%H:%M:%S")} {text}', file=sys.stderr)


class Bench:
    def __init__(self, arguments):
        self.arguments = arguments
        self.ours = list(stators())
        self.servers = self.ours + ([] if arguments.no_peers else list(peers(arguments)))
        self.signed = [signed_stator()] if not set(arguments.kinds).isdisjoint(SIGNED_KINDS) else []
        self.results = {server.name: {'start_ms': [], 'closed': {}, 'open': {}} for server in self.servers + self.signed}

    def everyone(self):
        return self.servers + self.signed

    def start(self):
        for server in self.everyone():
            for again in range(self.arguments.rounds, 0, -1):
                self.results[server.name]['start_ms'].append(server.start() * 1000)
                if again > 1:
                    server.stop()
        for server in self.everyone():
            say(f'filling {server.name}')
            result = self.results[server.name]
            result['rss_mb'] = {'idle': server.rss_mb()}
            server.load(self.tables(server))
            result['rss_mb']['loaded'] = server.rss_mb()
            if server.disk_bytes() > 0:
                count = sum(work.PARTITIONS * work.SORTS if name == 'bench' else work.SCANNED_ITEMS
                            for name in self.tables(server) if name in ('bench', 'scanned'))
                result['disk_bytes_per_item'] = server.disk_bytes() / count

    def tables(self, server):
        wanted = {'bench'}
        if server in self.signed:
            return ['bench']
        if 'Scan' in self.arguments.kinds:
            wanted.add('scanned')
        for kind, name in (('Put, stream', 'streamed'), ('Put, 5 GSIs', 'indexed'), ('Put, TTL', 'expiring')):
            if server.ours and kind in self.arguments.kinds:
                wanted.add(name)
        return [name for name in work.TABLES if name in wanted]

    def takes(self, server, kind):
        if server in self.signed:
            return kind in SIGNED_KINDS
        if kind not in work.PEER_KINDS:
            return server.ours
        return all(self.has[server.name, operation] for operation in work.needs(kind))

    def keep(self, server, loop, title, run):
        self.results[server.name][loop].setdefault(title, []).append(run)

    def closed(self, round_number):
        for kind in self.arguments.kinds:
            for connections in [CONNECTIONS, *MORE_CONNECTIONS.get(kind, [])]:
                for server in self.everyone():
                    if self.takes(server, kind) and (server not in self.signed or connections == CONNECTIONS):
                        run = server.closed(kind, connections, self.arguments.seconds, round_number)
                        self.keep(server, 'closed', f'{kind}, {connections}', run)

    def open(self, round_number):
        for kind in (kind for kind in OPEN_KINDS if kind in self.arguments.kinds):
            for server in self.servers:
                if self.takes(server, kind):
                    highest = median(self.results[server.name]['closed'][f'{kind}, {CONNECTIONS}'], 'per_second')
                    self.keep(server, 'open', kind, server.open(kind, highest / 2, self.arguments.seconds, round_number))

    def run(self):
        self.start()
        self.has = {(server.name, operation): server.has(operation) for server in self.servers
                    for kind in work.KINDS for operation in work.needs(kind)}
        for round_number in range(1, self.arguments.rounds + 1):
            say(f'round {round_number} of {self.arguments.rounds}')
            self.closed(round_number)
            self.open(round_number)
        for server in self.everyone():
            self.results[server.name]['rss_mb']['after'] = server.rss_mb()

    def stop(self):
        for server in self.everyone():
            server.stop()


# ---- showing ----

def median(runs, what):
    return statistics.median(run[what] for run in runs)


def print_rows(results, title, rows):
    """rows: (name, function of a server's results, format); a ratio to the first server behind each figure."""
    names = list(results)
    print(f'\n{title:<26}' + ''.join(f'{name:>19}' for name in names))
    for row, value, form in rows:
        figures = [value(results[name]) for name in names]
        line = f'{row:<26}'
        for figure in figures:
            text = '-' if figure is None else f'{figure:{form}}'
            if figure is not None and figures[0]:
                text += f' ({figure / figures[0]:.2f}x)'
            line += f'{text:>19}'
        print(line)


def loop_rows(results, loop, what, form):
    titles = dict.fromkeys(title for result in results.values() for title in result[loop])
    for title in titles:
        yield title, lambda r, title=title: median(r[loop][title], what) if title in r[loop] and what in r[loop][title][0] else None, form


def print_tables(results):
    rows = [('start to answer, ms', lambda r: statistics.median(r['start_ms']), '.1f')]
    rows += [(f'RSS {when}, MB', lambda r, when=when: r['rss_mb'][when], '.1f') for when in ('idle', 'loaded', 'after')]
    rows += [('disk, bytes an item', lambda r: r.get('disk_bytes_per_item'), '.0f')]
    print_rows(results, '(x: to the first column)', rows)
    for what, title, form in (('per_second', 'closed loop, requests/s', ',.0f'), ('cpu_us', 'server CPU, us/request', '.1f'),
                              ('p50_us', 'p50, us', ',.0f'), ('p99_us', 'p99, us', ',.0f'), ('p999_us', 'p99.9, us', ',.0f'),
                              ('syncs_per_second', 'syncs/s', ',.0f')):
        print_rows(results, title, loop_rows(results, 'closed', what, form))
    for what, title, form in (('per_second', 'open loop, requests/s', ',.0f'), ('p50_us', 'open loop, p50, us', ',.0f'),
                              ('p99_us', 'open loop, p99, us', ',.0f'), ('p999_us', 'open loop, p99.9, us', ',.0f')):
        print_rows(results, title, loop_rows(results, 'open', what, form))
    spoilt = sorted({f'{name}: {title}' for name, result in results.items() for loop in ('closed', 'open')
                     for title, runs in result[loop].items() if median(runs, 'refused') > 0.01 or any(run.get('broken') for run in runs)})
    for text in spoilt:
        print(f'not to be compared, requests were refused or connections broke: {text}')


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--no-peers', action='store_true', help='Stator alone')
    parser.add_argument('--peers', metavar='DIR', help='a node_modules folder that has the peers')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=int, default=3, help='for each measurement')
    parser.add_argument('--kinds', nargs='+', default=list(work.KINDS), choices=list(work.KINDS), metavar='KIND',
                        help=', '.join(work.KINDS))
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if not shutil.which('wrk'):
        sys.exit('wrk is missing: apt-get install wrk')
    for name in ('stator', 'bench/load'):
        if not os.access(os.path.join(ROOT, 'build', name), os.X_OK):
            sys.exit(f'build/{name} is not there: make bench builds it')
    os.makedirs(os.path.join(HERE, 'results'), exist_ok=True)
    bench = Bench(arguments)
    try:
        bench.run()
    finally:
        bench.stop()
    with open(os.path.join(HERE, 'results', time.strftime('%Y%m%d-%H%M%S.json')), 'w', encoding='utf-8') as file:
        json.dump({'cpus': os.cpu_count(), 'seconds': arguments.seconds, 'results': bench.results}, file, indent=1)
    print_tables(bench.results)
    return 0


if __name__ == '__main__':
    sys.exit(main())
