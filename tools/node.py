#!/usr/bin/python3
"""Node 20 or later for the tests, and the packages of tests/package.json.

Debian 12 has Node 18. npm's `node` package brings a newer one, but through an install script,
and npm may refuse those; the script does nothing but fetch node-<system>-<machine>, so that one is
installed, into build-node/, and its program is called where it lies.
"""
import os
import platform
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WANTED = 20
FETCHED = 22
MACHINE = {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())
PACKAGE = f'node-linux-{MACHINE}'
PLACE = os.path.join(ROOT, 'build-node')
QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']


def major(program):
    try:
        text = subprocess.run([program, '--version'], capture_output=True, text=True, check=True).stdout
        return int(text.lstrip('v').split('.')[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def binary():
    """The Node to use, or None."""
    for program in (shutil.which('node'), os.path.join(PLACE, 'node_modules', PACKAGE, 'bin/node')):
        if program and major(program) >= WANTED:
            return program
    return None


def npm(arguments, cwd):
    """None, or the lines that say what went wrong."""
    try:
        done = subprocess.run(['npm', *arguments, *QUIET], cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f'npm: {error}']
    return None if done.returncode == 0 else done.stdout.splitlines()[-20:]


def prepare(folder='tests'):
    """Makes binary() and the packages of `folder` be there. None, or the lines that say why not."""
    if not binary():
        os.makedirs(PLACE, exist_ok=True)
        with open(os.path.join(PLACE, 'package.json'), 'w', encoding='utf-8') as file:
            file.write('{"private": true}\n')
        trouble = npm(['install', '--no-save', '--no-package-lock', f'{PACKAGE}@{FETCHED}'], PLACE)
        if trouble:
            return trouble
        if not binary():
            return [f'{PACKAGE}@{FETCHED} holds no Node that runs here']
    where = os.path.join(ROOT, folder)
    wants = [os.path.join(where, name) for name in ('package.json', 'package-lock.json')]
    wants = [path for path in wants if os.path.exists(path)]
    has = os.path.join(where, 'node_modules', '.package-lock.json')
    if not wants or os.path.exists(has) and os.path.getmtime(has) >= max(map(os.path.getmtime, wants)):
        return None
    # `ci` takes the versions of the lock file; without one, no lock file is made (it would hold
    # the name of the registry it was made with).
    trouble = npm(['ci'] if len(wants) == 2 else ['install', '--no-save', '--no-package-lock'], where)
    if not trouble and os.path.exists(has):
        os.utime(has)
    return trouble


if __name__ == '__main__':
    said = prepare(*sys.argv[1:])
    print('\n'.join(said) if said else binary())
    sys.exit(1 if said else 0)
