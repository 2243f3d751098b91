#!/usr/bin/python3
"""Shows where the time of a GetItem and of a PutItem goes, by perf's samples of the durable server.

What a function's row says includes all that it calls; rows further in are part of those above them.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from bench import CONNECTIONS, stator_command
from servers import HERE, Server

SECONDS = 5
ROWS = {  # (depth, function, what it is)
    'GetItem': [
        (0, '__libc_recv', 'recv: the request out of the kernel'), (0, '__libc_sendmsg', 'sendmsg: TCP, loopback, and waking the client'),
        (0, 'epoll_wait', 'epoll_wait: one for some sixteen requests'), (0, 'http_head_parse', 'HTTP: the head'),
        (0, 'handle', 'the service'), (1, 'auth_check', "the signature's form"), (1, 'api_call', 'the call'),
        (2, 'shape_read', 'JSON into typed input, constraints'), (2, 'op_get_item', 'GetItem'), (3, 'rocks_find_many', 'the item, from read cache or RocksDB'),
        (3, 'reply_stored', 'stored bytes into JSON'), (2, 'admission_settle', 'capacity and heat'), (1, 'finish', 'request id, checksum'),
        (0, 'leaving', 'metrics')],
    'PutItem': [
        (0, '__libc_recv', 'recv: the request out of the kernel'), (0, '__libc_sendmsg', 'sendmsg: TCP, loopback, and waking the client'),
        (0, 'epoll_wait', 'epoll_wait'), (0, 'http_head_parse', 'HTTP: the head'), (0, 'handle', 'the service'),
        (1, 'auth_check', "the signature's form"), (1, 'api_call', 'the call'), (2, 'shape_read', 'JSON into a tree, constraints'),
        (2, 'op_put_item', 'PutItem'), (3, 'kv_update_latched', 'latches, the body, the open group'), (4, 'rocks_txn_find', 'the item before'),
        (4, 'groups_accept', 'into the group'), (1, 'finish', 'request id, checksum'), (0, 'leaving', 'metrics'),
        (0, 'committer_main', 'the committer'), (1, 'rocksdb_write', 'RocksDB: log and memory table'), (2, 'fdatasync', 'fdatasync'),
        (1, 'overlay_release', 'values into the read cache'), (1, 'http_release', 'waking the loops')],
}


def shares(path):
    """Per cent of all samples below each function."""
    text = subprocess.run(['perf', 'report', '-i', path, '--children', '-g', 'none', '--percent-limit', '0.05', '--stdio', '-F', 'overhead_children,sym'],
                          capture_output=True, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        match = re.match(r'\s*([\d.]+)%\s+\[[.k]\]\s+(\S+)', line)
        if match:
            name = re.sub(r'(\.isra\.\d+|\.constprop\.\d+|\.part\.\d+|@.*)+$', '', match.group(2))
            found[name] = found.get(name, 0) + float(match.group(1))
    return found


def kernel_share(path):
    text = subprocess.run(['perf', 'report', '-i', path, '--no-children', '-g', 'none', '--stdio', '-F', 'overhead,dso'],
                          capture_output=True, text=True, check=True).stdout
    return sum(float(m.group(1)) for m in re.finditer(r'^\s*([\d.]+)%\s+\[kernel', text, re.M))


def profile(kind):
    server = Server('stator', stator_command('--data-dir', '{directory}'), ours=True, durable=True)
    server.start()
    try:
        server.load(['bench'])
        server.closed(kind, CONNECTIONS, 2, 1)
        with tempfile.NamedTemporaryFile() as samples:
            with subprocess.Popen(['perf', 'record', '-q', '-o', samples.name, '-g', '-F', '999', '-p', str(server.process.pid)],
                                  stderr=subprocess.DEVNULL) as perf:
                run = server.closed(kind, CONNECTIONS, SECONDS, 2)
                perf.send_signal(2)
                perf.wait()
            found, kernel = shares(samples.name), kernel_share(samples.name)
    finally:
        server.stop()
    rows = [(depth, name, what, found[name]) for depth, name, what in ROWS[kind] if name in found]
    return {'cpu_us': run['cpu_us'], 'per_second': run['per_second'], 'kernel': kernel, 'rows': rows}


def main():
    results = {kind: profile(kind) for kind in ROWS}
    for kind, result in results.items():
        print(f'{kind}: {result["cpu_us"]:.1f} us a request, {result["kernel"]:.0f} % of it in the kernel')
        for depth, name, what, share in result['rows']:
            print(f'  {"  " * depth}{share:5.1f} % {share * result["cpu_us"] / 100:5.2f} us  {name}: {what}')
    with open(os.path.join(HERE, 'results', time.strftime('profile-%Y%m%d-%H%M%S.json')), 'w', encoding='utf-8') as file:
        json.dump({'cpus': os.cpu_count(), 'results': results}, file, indent=1)
    return 0


if __name__ == '__main__':
    sys.exit(main())
