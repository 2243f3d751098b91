#!/usr/bin/python3
"""The unit of systemd agrees with the server: its directories, its settings, the calls it allows, what it is told.

Starts no systemd: the server is given the unit's own environment, on loopback, in a directory of its own.
tests/packaging/boot.py boots the unit in a container. Writes TAP.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATOR = os.path.abspath(os.environ.get('STATOR_BIN', os.path.join(ROOT, 'build/stator')))
SECONDS_MAX = 20


class Skip(Exception):
    pass


def text_of(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def unit():
    """{name: [value, ...]} of packaging/stator.service.in, installed where Meson says by itself."""
    settings = {}
    for line in text_of('packaging/stator.service.in').replace('@bindir@', '/usr/local/bin').splitlines():
        match = re.match(r'([A-Z]\w*)=(.*)$', line)
        if match:
            settings.setdefault(match[1], []).append(match[2])
    return settings


def environment():
    return dict(value.split('=', 1) for value in unit()['Environment'])


def the_servers_own_calls():
    allowed = text_of('src/server/sandbox.c').split('allowed[] = {')[1].split('};')[0]
    return set(re.findall(r'__NR_(\w+),', allowed))


def systemd_analyze(*arguments):
    if not shutil.which('systemd-analyze'):
        raise Skip('systemd-analyze is not here')
    return subprocess.run(['systemd-analyze', *arguments], capture_output=True, text=True, timeout=SECONDS_MAX, check=False)


# ---- the cases ----

def systemd_finds_nothing_wrong_with_the_unit():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'stator.service')
        program = os.path.join(folder, 'stator')
        with open(program, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\n')
        os.chmod(program, 0o755)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text_of('packaging/stator.service.in').replace('@bindir@', folder))
        done = systemd_analyze('verify', path)
        ours = [line for line in done.stderr.splitlines() if 'stator' in line]
        assert not ours, ours


def what_the_unit_leaves_open_is_what_it_was():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'stator.service')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text_of('packaging/stator.service.in').replace('@bindir@', folder))
        done = systemd_analyze('security', '--offline=yes', path)
        if 'Unknown option' in done.stderr or 'unrecognized option' in done.stderr:
            raise Skip('this systemd-analyze has no --offline')
        exposure = float(re.search(r'exposure level for \S+: ([0-9.]+)', done.stdout)[1])
        assert exposure <= 1.6, f'{exposure}, more than 1.6'


def all_that_is_written_lies_in_directories_that_systemd_makes():
    settings, values = unit(), environment()
    assert values['STATOR_DATA_DIR'] == '/var/lib/' + settings['StateDirectory'][0]
    assert os.path.dirname(values['STATOR_AUDIT_LOG']) == '/var/log/' + settings['LogsDirectory'][0]
    assert settings['ProtectSystem'] == ['strict'] and 'ReadWritePaths' not in settings


def settings_are_environment_so_that_one_can_be_changed():
    assert unit()['ExecStart'] == ['/usr/local/bin/stator serve'], unit()['ExecStart']
    known = {'STATOR_' + name.upper().replace('-', '_')
             for name in re.findall(r'^CONFIG\("([a-z-]+)"', text_of('src/server/config.def'), re.M)}
    assert len(known) > 30
    assert set(environment()) <= known, set(environment()) - known


def the_unit_allows_every_call_that_the_server_keeps():
    sets = {}
    for line in systemd_analyze('syscall-filter').stdout.splitlines():
        if line.startswith('@'):
            name = line.strip()
            sets[name] = []
        elif line.startswith('    ') and not line.strip().startswith('#'):
            sets[name].append(line.strip())
    if '@system-service' not in sets:
        raise Skip('this systemd-analyze lists no calls')

    def calls(word):
        return set().union(*(calls(w) for w in sets[word])) if word.startswith('@') else {word}
    allowed = set()
    for value in unit()['SystemCallFilter']:
        taken = set().union(*(calls(word) for word in value.lstrip('~').split()))
        allowed = allowed - taken if value.startswith('~') else allowed | taken
    denied = (the_servers_own_calls() | {'seccomp'}) - allowed  # that, to enter its own filter
    assert not denied, f'the server keeps what the unit denies: {" ".join(sorted(denied))}'
    assert 'execve' in allowed and 'mount' not in allowed and 'ptrace' not in allowed


def serve_as_the_unit_does(folder, **others):
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(os.path.join(folder, 'notify'))
    told.settimeout(SECONDS_MAX)
    values = {**environment(), 'STATOR_HOST': '127.0.0.1', 'STATOR_PORT': '0', 'STATOR_DATA_DIR': os.path.join(folder, 'data'),
              'STATOR_AUDIT_LOG': os.path.join(folder, 'audit.log'), 'NOTIFY_SOCKET': os.path.join(folder, 'notify'), **others}
    process = subprocess.Popen([STATOR, *unit()['ExecStart'][0].split()[1:]], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True,
                               env={**{k: v for k, v in os.environ.items() if not k.startswith('STATOR_')}, **values})
    return process, told


def ended(process, number):
    process.send_signal(number)
    errors = process.communicate(timeout=SECONDS_MAX)[1]
    return process.returncode, errors


def it_tells_when_it_serves_and_when_it_stops():
    with tempfile.TemporaryDirectory() as folder:
        process, told = serve_as_the_unit_does(folder)
        try:
            assert told.recv(100) == b'READY=1'
            code, errors = ended(process, signal.SIGTERM)
            assert told.recv(100) == b'STOPPING=1'
            assert code == 0, (code, errors)
            assert os.path.exists(os.path.join(folder, 'data/tls-key.pem')) and os.path.exists(os.path.join(folder, 'audit.log'))
        finally:
            process.kill()
            told.close()


def a_reload_stops_nothing_even_with_nothing_to_read_again():
    with tempfile.TemporaryDirectory() as folder:
        process, told = serve_as_the_unit_does(folder, STATOR_AUDIT_LOG='')
        try:
            assert told.recv(100) == b'READY=1'
            process.send_signal(signal.SIGHUP)
            told.settimeout(0.5)
            try:
                raise AssertionError(f'it was told {told.recv(100)}')
            except TimeoutError:
                pass
            assert process.poll() is None
            assert ended(process, signal.SIGTERM)[0] == 0
        finally:
            process.kill()
            told.close()


def a_setting_that_is_none_ends_with_the_code_that_is_not_tried_again():
    with tempfile.TemporaryDirectory() as folder:
        process, told = serve_as_the_unit_does(folder, STATOR_TLS_SELF_SIGNED='false', STATOR_HOST='0.0.0.0')
        errors = process.communicate(timeout=SECONDS_MAX)[1]
        told.close()
        assert 'without TLS' in errors, errors
        assert unit()['RestartPreventExitStatus'] == [str(process.returncode)], process.returncode


CASES = [systemd_finds_nothing_wrong_with_the_unit, what_the_unit_leaves_open_is_what_it_was,
         all_that_is_written_lies_in_directories_that_systemd_makes, settings_are_environment_so_that_one_can_be_changed,
         the_unit_allows_every_call_that_the_server_keeps, it_tells_when_it_serves_and_when_it_stops,
         a_reload_stops_nothing_even_with_nothing_to_read_again,
         a_setting_that_is_none_ends_with_the_code_that_is_not_tried_again]


def main():
    failed = False
    print(f'1..{len(CASES)}')
    for number, case in enumerate(CASES, 1):
        name = case.__name__.replace('_', ' ')
        try:
            case()
            print(f'ok {number} - {name}')
        except Skip as why:
            print(f'ok {number} - {name} # SKIP {why}')
        except Exception as why:  # a case that breaks has failed
            failed = True
            print(f'not ok {number} - {name}\n# {type(why).__name__}: {why}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
