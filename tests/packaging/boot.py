#!/usr/bin/python3
"""Boots Debian with systemd as its first process, starts the unit there, and treats it as an operator would.

    sudo make boot-service [ROOT=DIR]     DIR: a Debian 12 with systemd to use; made by debootstrap where there is none

Wants root, systemd-nspawn (systemd-container), debootstrap, strace, openssl and boto3, so it is no part of ./test. The
container has a network of its own (loopback alone), and the program and the unit as `meson install` puts them. Each
call that fails with EPERM or EACCES under load is a failure: systemd's filter and ours deny without a word. Writes TAP.
"""
import glob
import http.server
import json
import os
import queue
import re
import resource
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = 'systemd,systemd-sysv,dbus,libnss-systemd,libdeflate0,libssl3,libcurl4'
ENDPOINT = 'https://127.0.0.1:8000'
WRITERS, ITEMS, ITEM_BYTES, CONNECTIONS = 4, 250, 40000, 4000
# systemd's child may not do these in a container, before it becomes the server.
BEFORE_THE_SERVER = re.compile(r'PR_SET_MM|KEYCTL_JOIN_SESSION_KEYRING|RLIMIT_NOFILE')
STATE, LOGS = 'var/lib/private/stator', 'var/log/private/stator'


def sh(*words, check=True, **more):
    return subprocess.run(words, check=check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more).stdout


class Machine:
    """A booted container."""

    def __init__(self, folder):
        self.folder = folder
        environment = {**os.environ, 'SYSTEMD_NSPAWN_UNIFIED_HIERARCHY': '1'}
        self.process = subprocess.Popen(['systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '--private-network', '-b',
                                         '-D', folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=environment)
        try:  # by its name: there is another child before it
            self.leader = self.wait(lambda: sh('pgrep', '-x', '-P', str(self.process.pid), 'systemd', check=False).strip())
            self.wait(lambda: self.run('timeout 5 systemctl is-system-running', check=False).strip() in ('running', 'degraded'))
        except BaseException:
            self.process.terminate()
            raise

    def wait(self, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.2)
        raise AssertionError(f'not within {seconds} s')

    def enter(self, *spaces):
        return ['nsenter', '-t', self.leader, *spaces]

    def run(self, command, check=True):
        return sh(*self.enter('-m', '-u', '-i', '-n', '-p', '-C'), 'env', '-i', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
                  'sh', '-c', command, check=check)

    def show(self, name):
        return self.run(f'systemctl show -P {name} stator').strip()

    def journal(self, since=''):
        return self.run(f'journalctl --no-pager -o cat -u stator {since}')

    def path(self, name):
        return os.path.join(self.folder, name)

    def pid_outside(self):
        """The server's number as this machine sees it."""
        inside = self.show('MainPID')
        for status in glob.glob('/proc/[0-9]*/status'):
            try:
                with open(status, encoding='utf-8') as file:
                    text = file.read()
            except OSError:
                continue
            if text.startswith('Name:\tstator\n') and re.search(rf'^NSpid:\t\d+\t{inside}$', text, re.M):
                return status.split('/')[2]
        raise AssertionError('the server is not to be seen')

    def drop_in(self, *lines):
        self.run('mkdir -p /etc/systemd/system/stator.service.d')
        with open(self.path('etc/systemd/system/stator.service.d/test.conf'), 'w', encoding='utf-8') as file:
            file.write('\n'.join(('[Service]', *lines, '')))
        self.run('systemctl daemon-reload')

    def end(self):
        os.kill(int(self.leader), signal.SIGRTMIN + 4)  # power off
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.terminate()


machine, key = None, {}


# ---- what asks: this file again, in the container's network ----

def ask(verb, certificate=f'{STATE}/tls-cert.pem', check=True):
    environment = {**os.environ, 'AWS_ACCESS_KEY_ID': key.get('id', 'me'), 'AWS_SECRET_ACCESS_KEY': key.get('secret', 'me'),
                   'AWS_DEFAULT_REGION': 'us-east-1', 'AWS_CA_BUNDLE': machine.path(certificate)}
    return sh(*machine.enter('-n'), '/usr/bin/python3', os.path.abspath(__file__), '--ask', verb, check=check, env=environment)


def delivered():
    """The first operation but those that look at a stream, asked by the server of a Kinesis that takes everything."""
    import boto3
    seen = queue.Queue()

    class Kinesis(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers['content-length'])))
            taken = [{'SequenceNumber': '1', 'ShardId': 'shardId-0'} for _ in body.get('Records', [])]
            answer = json.dumps({'FailedRecordCount': 0, 'Records': taken}).encode()
            self.send_response(200)
            self.send_header('content-length', str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            seen.put(self.headers['x-amz-target'].split('.')[1])

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 9001), Kinesis)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client('dynamodb', endpoint_url=ENDPOINT)
    client.enable_kinesis_streaming_destination(TableName='Songs', StreamArn='arn:aws:kinesis:us-east-1:000000000000:stream/s')
    client.delete_item(TableName='Songs', Key={'k': {'S': '0-0'}})
    while (operation := seen.get(timeout=20)) != 'PutRecords':
        pass
    client.put_item(TableName='Songs', Item={'k': {'S': '0-0'}})
    client.disable_kinesis_streaming_destination(TableName='Songs', StreamArn='arn:aws:kinesis:us-east-1:000000000000:stream/s')
    print(operation)


def asked(verb):
    if verb == 'deliver':
        delivered()
        return
    if verb == 'crowd':
        resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + 100, CONNECTIONS + 100))
        held = [socket.create_connection(('127.0.0.1', 8000)) for _ in range(CONNECTIONS)]
        print(len(held), flush=True)
        sys.stdin.read()
        return
    import boto3
    client = boto3.client('dynamodb', endpoint_url=ENDPOINT)
    if verb == 'create':
        client.create_table(TableName='Songs', BillingMode='PAY_PER_REQUEST', KeySchema=[{'AttributeName': 'k', 'KeyType': 'HASH'}],
                            AttributeDefinitions=[{'AttributeName': 'k', 'AttributeType': 'S'}])
    elif verb == 'write':
        children = []
        for writer in range(WRITERS):
            children.append(os.fork())
            if children[-1] == 0:
                mine = boto3.client('dynamodb', endpoint_url=ENDPOINT)
                for item in range(ITEMS):
                    mine.put_item(TableName='Songs', Item={'k': {'S': f'{writer}-{item}'}, 'v': {'B': os.urandom(ITEM_BYTES)}})
                os._exit(0)
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    elif verb == 'count':
        pages = client.get_paginator('scan').paginate(TableName='Songs', Select='COUNT')
        print(sum(page['Count'] for page in pages))
    else:
        print(len(client.list_tables()['TableNames']))


def all_is_there():
    counted = ask('count').strip()
    assert counted == str(WRITERS * ITEMS), f'{counted} items of {WRITERS * ITEMS}'


# ---- the cases, in this order ----

def it_serves_when_its_start_returns_as_a_user_of_its_own():
    machine.drop_in('Environment=STATOR_LOOPS=4 STATOR_WRITE_BUFFER_MB=1')
    machine.run('systemctl start stator')
    key['id'], key['secret'] = re.search(r'root key  (\S+)\s+secret +(\S+)', machine.journal()).groups()
    assert ask('list').strip() == '0'
    status = machine.run(f'cat /proc/{machine.show("MainPID")}/status')
    assert not re.search(r'^[UG]id:.*\b0\b', status, re.M), status
    assert re.search(r'^CapEff:\t0+$', status, re.M) and re.search(r'^NoNewPrivs:\t1$', status, re.M), status


def it_is_behind_its_own_filter_too():
    assert 'no_sandbox' not in machine.journal(), machine.journal()


def no_call_is_denied_while_it_starts_and_under_load():
    with tempfile.NamedTemporaryFile('r', encoding='utf-8') as seen:
        tracer = subprocess.Popen(['strace', '-f', '-qq', '-Z', '-p', machine.leader, '-o', seen.name])
        time.sleep(1)
        machine.run('systemctl restart stator')
        ask('create')
        ask('write')
        all_is_there()
        threads = set(os.listdir(f'/proc/{machine.pid_outside()}/task'))
        machine.run('systemctl restart stator')  # its end, too: a flush
        threads |= set(os.listdir(f'/proc/{machine.pid_outside()}/task'))
        tracer.terminate()
        tracer.wait()
        lines = seen.read().splitlines()
    denied = [line for line in lines if re.search(r'= -1 E(PERM|ACCES)\b', line) and line.split()[0] in threads
              and not BEFORE_THE_SERVER.search(line)]
    theirs = [line for line in lines if line.split()[0] in threads]
    print(f'# {len(threads)} threads, {len(theirs)} of their calls failed in some way, {len(denied)} were denied')
    assert theirs and len(threads) > 20
    assert not denied, denied[:20]
    sorted_bytes = sum(os.path.getsize(path) for path in glob.glob(machine.path(f'{STATE}/*.sst')))
    assert sorted_bytes > WRITERS * ITEMS * ITEM_BYTES / 2, sorted_bytes  # so there were flushes


def a_restart_keeps_all_items():
    machine.run('systemctl restart stator')
    all_is_there()


def thousands_of_connections_are_served():
    crowd = subprocess.Popen([*machine.enter('-n'), '/usr/bin/python3', os.path.abspath(__file__), '--ask', 'crowd'],
                             stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    try:
        assert crowd.stdout.readline().strip() == str(CONNECTIONS)
        assert ask('list').strip() == '1'
        files = len(os.listdir(f'/proc/{machine.pid_outside()}/fd'))
        assert files > CONNECTIONS, files
    finally:
        crowd.kill()
        crowd.wait()


def a_reload_opens_the_audit_log_anew():
    log = machine.path(f'{LOGS}/audit.log')
    assert os.path.getsize(log) > 0
    os.rename(log, log + '.1')
    machine.run('systemctl reload stator')
    machine.wait(lambda: os.path.exists(log))
    ask('list')
    machine.wait(lambda: os.path.getsize(log) > 0)


def a_kill_9_restarts_it_with_all_items():
    before = machine.show('MainPID')
    machine.run('systemctl kill -s KILL --kill-whom=main stator')
    machine.wait(lambda: machine.show('ActiveState') == 'active' and machine.show('MainPID') != before)
    all_is_there()


def a_certificate_of_a_group_is_read_again_on_reload():
    machine.run('groupadd -rf stator-tls; mkdir -p /etc/stator')

    def certify():
        pem = machine.path('etc/stator/cert.pem')
        sh('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3', '-subj',
           '/CN=t', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', machine.path('etc/stator/key.pem'), '-out', pem)
        machine.run('chgrp stator-tls /etc/stator/key.pem; chmod 640 /etc/stator/key.pem')
    certify()
    machine.drop_in('SupplementaryGroups=stator-tls', 'Environment=STATOR_TLS_SELF_SIGNED=false',
                    'Environment=STATOR_TLS_CERT=/etc/stator/cert.pem STATOR_TLS_KEY=/etc/stator/key.pem')
    machine.run('systemctl restart stator')
    assert ask('list', 'etc/stator/cert.pem').strip() == '1'
    certify()
    machine.run('systemctl reload stator')
    machine.wait(lambda: 'certificate_loaded' in machine.journal('-n 5'))
    assert ask('list', 'etc/stator/cert.pem').strip() == '1'


def a_credential_is_the_key_of_encrypted_data():
    machine.run('mkdir -p /etc/stator; head -c 32 /dev/urandom | base64 > /etc/stator/data.key; chmod 600 /etc/stator/data.key')
    machine.drop_in('LoadCredential=data.key:/etc/stator/data.key', 'Environment=STATOR_ENCRYPTION_KEY_FILE=%d/data.key',
                    'Environment=STATOR_DATA_DIR=/var/lib/stator/encrypted')
    machine.run('systemctl restart stator')
    machine.run('systemctl restart stator')
    assert os.path.exists(machine.path(f'{STATE}/encrypted/KEYS'))
    assert 'no_sandbox' not in machine.journal('-n 20')


def changes_are_delivered_to_kinesis():
    machine.drop_in('Environment=STATOR_KINESIS_ENDPOINT=http://localhost:9001')  # a name, to be looked up
    machine.run('systemctl restart stator')
    assert ask('deliver').strip() == 'PutRecords'


def a_setting_that_is_none_is_not_tried_again():
    machine.drop_in('Environment=STATOR_TLS_SELF_SIGNED=false')
    machine.run('systemctl restart stator', check=False)
    time.sleep(3)
    assert machine.show('ActiveState') == 'failed' and machine.show('NRestarts') == '0', machine.journal('-n 5')


def a_stop_is_clean_and_the_data_is_sound():
    machine.drop_in('')
    machine.run('systemctl start stator')
    all_is_there()
    machine.run('systemctl stop stator')
    assert machine.show('Result') == 'success' and 'event=stopped' in machine.journal('-n 5')
    words = re.search(r'^ +(systemd-run .*?)$', open(os.path.join(ROOT, 'docs/service.md'), encoding='utf-8').read(), re.M)[1]
    said = machine.run(words)  # as the page tells an operator
    assert f'{WRITERS * ITEMS} items' in said and ' 0 findings' in said, said
    machine.run('systemctl start stator')  # whose files verify has not taken away
    all_is_there()


def the_journal_tells_of_nothing_denied():
    told = [line for line in machine.journal().splitlines() if re.search(r'not permitted|denied|SYSCALL|event=no_|code=dumped', line)]
    assert not told, told


CASES = [it_serves_when_its_start_returns_as_a_user_of_its_own, it_is_behind_its_own_filter_too,
         no_call_is_denied_while_it_starts_and_under_load, a_restart_keeps_all_items,
         thousands_of_connections_are_served, a_reload_opens_the_audit_log_anew,
         a_kill_9_restarts_it_with_all_items, a_certificate_of_a_group_is_read_again_on_reload,
         a_credential_is_the_key_of_encrypted_data, changes_are_delivered_to_kinesis,
         a_setting_that_is_none_is_not_tried_again,
         a_stop_is_clean_and_the_data_is_sound, the_journal_tells_of_nothing_denied]


def prepare(folder):
    if not os.path.exists(os.path.join(folder, 'etc/debian_version')):
        sh('debootstrap', '--variant=minbase', f'--include={PACKAGES}', 'bookworm', folder)
    sh('meson', 'install', '-C', os.path.join(ROOT, 'build'), '--no-rebuild', '--tags', 'runtime', '--destdir', folder)
    for name in (STATE, LOGS, 'etc/stator', 'etc/systemd/system/stator.service.d', 'var/log/journal'):
        sh('rm', '-rf', os.path.join(folder, name))


def main():
    global machine
    if sys.argv[1:2] == ['--ask']:
        return asked(sys.argv[2])
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else tempfile.mkdtemp(prefix='stator-debian-')
    prepare(folder)
    machine, failed = Machine(folder), False
    print(f'1..{len(CASES)}')
    try:
        for number, case in enumerate(CASES, 1):
            name, started = case.__name__.replace('_', ' '), time.monotonic()
            try:
                case()
                print(f'ok {number} - {name}\n# {time.monotonic() - started:.1f} s', flush=True)
            except Exception as why:  # the others can still tell something
                failed = True
                more = shlex.quote(why.stdout[-2000:]) if isinstance(why, subprocess.CalledProcessError) else ''
                print(f'not ok {number} - {name}\n# {type(why).__name__}: {why} {more}', flush=True)
    finally:
        machine.end()
    return failed


if __name__ == '__main__':
    sys.exit(main())
