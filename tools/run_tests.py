#!/usr/bin/python3
"""Runs the test suites and counts their cases.

Without arguments: what a change must pass (what ./test calls); --all adds the thread sanitizer's
build and tests, for which CI has the time. A suite that cannot start counts as one failed case; so does a program that crashes, hangs or runs fewer cases than it
announced. The last line is `N passed, N failed`, and `, N skipped` when there are any.

Suites are folders: tests/unit and tests/engine hold programs that Meson builds, tests/fuzz holds
fuzz targets, and the folders in SCRIPT_SUITES hold one script a file (*.test.mjs for Node, *.py),
which start the server named by STATOR_BIN themselves. All of them speak TAP.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import node
import tap
from tap import FAILED, PASSED, SKIPPED, Case

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKERS = max(2, os.cpu_count() or 2)
WAITING = ('table_states', 'expiry', 'faults', 'streams')  # these mostly wait: begun first, beside the others
SCRIPT_SUITES = {'api': 'tests/api', 'clients': 'tests/clients', 'real data': 'tests/data', 'crash': 'tests/crash',
                 'model': 'tests/model', 'golden': 'tests/golden', 'isolation': 'tests/isolation',
                 'packaging': 'tests/packaging'}
BY_HAND = ('boot.py',)  # wants root, and a machine to boot
THREADED = ('kv', 'http', 'server', 'stream', 'traffic', 'engine')  # folders whose tests the thread sanitizer sees
BUILD_SECONDS_MAX = 900
PROGRAM_SECONDS_MAX = 60
SCRIPT_SECONDS_MAX = 180
FUZZ_SECONDS = 2
SLOWDOWN = {'build-asan': 3, 'build-tsan': 6}  # what a sanitizer costs, for the limits above
SANITIZERS = {
    'ASAN_OPTIONS': 'detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
    'TSAN_OPTIONS': 'halt_on_error=1',
}
SUPPRESSIONS = os.path.join(ROOT, 'tests/tsan.supp')  # libraries that are not built with it
if os.path.exists(SUPPRESSIONS):
    SANITIZERS['TSAN_OPTIONS'] += f':suppressions={SUPPRESSIONS}'


class Report:
    """Counts, prints failures as they come, and one line a suite."""

    def __init__(self):
        self.counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
        self.files = {}  # {suite: {file: [passed, failed, skipped]}}
        self.started = time.monotonic()
        self.lock = threading.Lock()

    def suite(self, name, results, seconds):
        """results: [(label, cases, again)]; `again(case)` is the command that reruns that case."""
        with self.lock:
            self.add(name, results, seconds)

    def add(self, name, results, seconds):
        here = {PASSED: 0, FAILED: 0, SKIPPED: 0}
        for label, cases, again in results:
            for case in cases:
                here[case.outcome] += 1
                if case.outcome == FAILED:
                    print(f'FAILED {name}: {label}: {case.name}')
                    for line in case.detail[-40:]:
                        print(f'    {line}')
                    print(f'    again: {again(case)}')
        if sum(here.values()) == 0:
            here[FAILED] = 1
            print(f'FAILED {name}: no cases ran')
        for outcome, count in here.items():
            self.counts[outcome] += count
        self.files[name] = {label: [sum(c.outcome == o for c in cases) for o in (PASSED, FAILED, SKIPPED)]
                            for label, cases, _ in results}
        print(f'{name:<28}{counted(here):<36}{seconds:6.1f} s', flush=True)

    def keep(self):
        """For tools/gen_docs.py: the outcomes of each file of each suite."""
        with open(os.path.join(ROOT, 'build/results.json'), 'w', encoding='utf-8') as file:
            json.dump(self.files, file, indent=1)

    def end(self):
        print(f'{time.monotonic() - self.started:.0f} s in all')
        print(counted(self.counts))
        return 1 if self.counts[FAILED] or not self.counts[PASSED] else 0


def counted(counts):
    text = f'{counts[PASSED]} passed, {counts[FAILED]} failed'
    return text + (f', {counts[SKIPPED]} skipped' if counts[SKIPPED] else '')


def call(command, seconds, env=None, cwd=ROOT):
    """(exit code, output); the code is None after a time-out. Ends all that it started."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        output.seek(0)
        return code, output.read().decode('utf-8', 'replace')


def judged(code, text, seconds):
    """The cases of one run, and one more when the run itself went wrong."""
    cases, planned = tap.parse(text)
    tail = text.splitlines()[-40:]
    wrong = None
    if code is None:
        wrong = f'ends within {seconds:.0f} s'
    elif code < 0:
        wrong = f'does not die of {signal.Signals(-code).name}'
    elif code != 0 and not any(case.outcome == FAILED for case in cases):
        wrong = f'exits with 0, not {code}'
    elif not cases:
        wrong = 'has at least one case'
    elif planned > len(cases) and all(case.outcome != FAILED for case in cases):
        wrong = f'runs the {planned} cases it announced, not {len(cases)}'
    if wrong:
        cases.append(Case(wrong, FAILED, tail, whole=True))
    return cases


def in_parallel(jobs, workers=WORKERS):
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda job: job(), jobs))


# ---- builds ----

def build(directory, targets=()):
    """The case `directory builds without warnings`. Configured by the Makefile, which has the options."""
    case = Case(f'{directory} builds without warnings', PASSED)
    code, text = call(['make', '--silent', '--no-print-directory', f'{directory}/build.ninja'], BUILD_SECONDS_MAX)
    if code == 0 and not has_tests(directory):
        code, text = call(['meson', 'setup', '--reconfigure', '-Dtests=true', directory], BUILD_SECONDS_MAX)
    if code == 0:
        code, text = call(['nice', '-n', '5', 'ninja', '-C', directory, '--quiet', *targets], BUILD_SECONDS_MAX)
    if code != 0:
        case.outcome, case.detail = FAILED, errors_of(text)
    return case


def errors_of(text):
    """What Ninja wrote from the first failure on, without the commands."""
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith('FAILED: ')), max(0, len(lines) - 40))
    return [line for line in lines[first:] if not re.match(r'\S*(cc|gcc|clang|c\+\+) ', line)][:40]


def introspect(directory, what):
    with open(os.path.join(ROOT, directory, 'meson-info', f'intro-{what}.json'), encoding='utf-8') as file:
        return json.load(file)


def has_tests(directory):
    """False when it was configured before cmocka was installed."""
    wanted = any(o['name'] == 'tests' and o['value'] is True for o in introspect(directory, 'buildoptions'))
    return wanted and any(d['name'] == 'cmocka' for d in introspect(directory, 'dependencies'))


# ---- programs that Meson builds ----

def programs(directory, folders):
    """[(name, command from the root, environment)] of the tests below tests/<folder>."""
    found = []
    for test in introspect(directory, 'tests'):
        path = os.path.relpath(test['cmd'][0], ROOT)
        if any(path.startswith(f'{directory}/tests/{folder}/') for folder in folders):
            found.append((test['name'], [path, *test['cmd'][1:]], {**test['env'], 'CMOCKA_MESSAGE_OUTPUT': 'TAP'}))
    return sorted(found)


def launcher(directory):
    """The thread sanitizer (gcc 12's, clang 14's) cannot live with much address randomisation."""
    return ['setarch', os.uname().machine, '-R'] if directory == 'build-tsan' and shutil.which('setarch') else []


def run_program(directory, name, command, env, case):
    command = [*launcher(directory), *command]
    seconds = PROGRAM_SECONDS_MAX * SLOWDOWN.get(directory, 1)
    if case:
        env = {**env, 'TEST_CASE': case}
    # A program's own options come last, so they win.
    joined = {name: f'{ours}:{env[name]}' if name in env else ours for name, ours in SANITIZERS.items()}
    code, text = call(command, seconds, {**env, **joined})

    def again(failed):
        which = '' if failed.whole else f'TEST_CASE={failed.name} '
        return f'{which}{" ".join(command)}'
    return name, judged(code, text, seconds), again


def run_programs(report, title, directory, folders, match='', case=''):
    started = time.monotonic()
    chosen = [p for p in programs(directory, folders) if match in p[0]]
    if not chosen and match:
        return
    results = in_parallel([lambda p=p: run_program(directory, *p, case) for p in chosen])
    report.suite(title, results, time.monotonic() - started)


# ---- scripts ----

def scripts(folder):
    try:
        names = sorted(os.listdir(os.path.join(ROOT, folder)))
    except FileNotFoundError:
        return []
    return [f'{folder}/{n}' for n in names
            if n.endswith('.test.mjs') or (n.endswith('.py') and n not in BY_HAND)]


def run_script(directory, path, case):
    command = ['/usr/bin/python3', path]
    if path.endswith('.mjs'):
        command = [node.binary(), '--test-reporter=tap', *([f'--test-name-pattern={case}'] if case else []), path]
    seconds = SCRIPT_SECONDS_MAX * SLOWDOWN.get(directory, 1)
    stator = os.path.join(ROOT, directory, 'stator')
    code, text = call([*launcher(directory), *command], seconds, {**SANITIZERS, 'STATOR_BIN': stator})
    cases = judged(code, text, seconds)
    if case:  # the others of the file are listed as skipped, or as passed, by versions of Node
        cases = [c for c in cases if c.outcome != SKIPPED]

    def again(failed):
        if not path.endswith('.mjs'):
            return f'STATOR_BIN={directory}/stator {path}'
        pattern = re.escape(failed.name).replace("'", '.').replace('\\ ', ' ')
        which = '' if failed.whole else f"--test-name-pattern='^{pattern}$' "
        binary = os.path.relpath(command[0], ROOT) if command[0].startswith(ROOT) else 'node'
        return f'STATOR_BIN={directory}/stator {binary} {which}{path}'
    return os.path.basename(path), cases, again


def run_scripts(report, title, directory, folder, match='', case=''):
    started = time.monotonic()
    chosen = [path for path in scripts(folder) if match in os.path.basename(path)]
    chosen.sort(key=lambda path: not os.path.basename(path).startswith(WAITING))
    if not chosen and (match or not os.path.isdir(os.path.join(ROOT, folder))):
        return
    if not os.access(os.path.join(ROOT, directory, 'stator'), os.X_OK):
        results = [(folder, [Case(f'{directory}/stator is there', FAILED)], lambda _: f'ninja -C {directory} stator')]
    elif trouble := node.prepare():
        results = [(folder, [Case('Node and the packages of tests/package.json can be had', FAILED, trouble)],
                    lambda _: 'tools/node.py')]
    else:
        results = in_parallel([lambda p=p: run_script(directory, p, case) for p in chosen],
                              WORKERS + 2 if folder == 'tests/api' else WORKERS)
    report.suite(title, results, time.monotonic() - started)


# ---- the others ----

def run_tree(report):
    started = time.monotonic()
    results = []
    for arguments in ([], ['--self-test']):
        command = ['/usr/bin/python3', 'tools/check_tree.py', '--tap', *arguments]
        code, text = call(command, PROGRAM_SECONDS_MAX)
        again = ' '.join(['tools/check_tree.py', *arguments])
        results.append(('check_tree.py', judged(code, text, PROGRAM_SECONDS_MAX), lambda _, again=again: again))
    code, text = call(['/usr/bin/python3', 'tools/gen_docs.py', '--check'], PROGRAM_SECONDS_MAX)
    case = Case('docs/ say what the tables say', PASSED if code == 0 else FAILED, text.splitlines())
    results.append(('gen_docs.py', [case], lambda _: 'tools/gen_docs.py --check'))
    report.suite('tree', results, time.monotonic() - started)


def fuzz_targets():
    folder = os.path.join(ROOT, 'build-asan/tests/fuzz')
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [n for n in names if n.startswith('fuzz_') and os.access(os.path.join(folder, n), os.X_OK)
            and os.path.isfile(os.path.join(folder, n))]


def run_fuzz(report):
    """A case a target: its corpus and some seconds more find nothing."""
    started = time.monotonic()

    def one(target):
        name = target[len('fuzz_'):]
        code, text = call(['tools/fuzz.sh', '--smoke', name, str(FUZZ_SECONDS)], FUZZ_SECONDS + 60)
        case = Case(f'{name} takes its corpus and {FUZZ_SECONDS} s of other input', PASSED if code == 0 else FAILED,
                    text.splitlines()[-40:])
        return target, [case], lambda _: f'make fuzz T={name} SECONDS=60'
    targets = fuzz_targets()
    if targets or os.path.isfile(os.path.join(ROOT, 'src/json/meson.build')):
        report.suite('fuzz', in_parallel([lambda t=t: one(t) for t in targets]), time.monotonic() - started)


def run_build(report, directory, targets=()):
    started = time.monotonic()
    case = build(directory, targets)
    verb = {'build': 'all'}.get(directory, directory[len('build-'):])
    report.suite(directory, [(directory, [case], lambda _: f'make {verb}')], time.monotonic() - started)
    return case.outcome == PASSED


def run_plain(report):
    run_programs(report, 'unit', 'build', ['unit'])
    run_programs(report, 'engine', 'build', ['engine'])
    for title, folder in SCRIPT_SUITES.items():
        run_scripts(report, title, 'build', folder)


def run_sanitized(report):
    run_programs(report, 'unit, engine (asan)', 'build-asan', ['unit', 'engine'])
    run_scripts(report, 'api (asan)', 'build-asan', 'tests/api')


def run_threads(report):
    run_programs(report, 'threads (tsan)', 'build-tsan', threaded_folders())
    run_scripts(report, 'api (tsan)', 'build-tsan', 'tests/api', match='Write')


def run_all(report, threads):
    """Builds need all cores and many tests mostly wait, so a build goes on beside the tests of the one before."""
    run_tree(report)
    with concurrent.futures.ThreadPoolExecutor(1) as builder:
        builds = [(builder.submit(run_build, report, 'build'), run_plain),
                  (builder.submit(run_build, report, 'build-asan'), run_sanitized)]
        if threads:
            builds.append((builder.submit(run_build_threads, report), run_threads))
        for built, run in builds:
            if built.result():
                run(report)
    run_fuzz(report)
    if os.path.isdir(os.path.join(ROOT, 'build')):
        report.keep()


def threaded_folders():
    return ['engine' if folder == 'engine' else f'unit/{folder}' for folder in THREADED]


def run_build_threads(report):
    """Only what the thread sanitizer is to see. False when there is nothing yet, or it failed."""
    code, _ = call(['make', '--silent', 'build-tsan/build.ninja'], BUILD_SECONDS_MAX)
    targets = sorted({os.path.relpath(command[0], 'build-tsan')
                      for _, command, _ in programs('build-tsan', threaded_folders())}) if code == 0 else ['all']
    return bool(targets) and run_build(report, 'build-tsan', [*targets, 'stator'])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n')[0])
    parser.add_argument('--all', action='store_true', help='the thread sanitizer, too')
    parser.add_argument('--unit', metavar='DIR', help='unit and engine tests of this build')
    parser.add_argument('--api', metavar='DIR', help='API tests against the server of this build')
    parser.add_argument('--threads-only', action='store_true', help='of --unit, only what has threads')
    parser.add_argument('--match', default='', help='only programs and files with this in their name')
    parser.add_argument('--case', default='', help='only this case of them')
    arguments = parser.parse_args()
    report = Report()
    if arguments.unit:
        folders = threaded_folders() if arguments.threads_only else ['unit', 'engine']
        if not has_tests(arguments.unit):
            build(arguments.unit)
        run_programs(report, 'unit, engine', arguments.unit, folders, arguments.match, arguments.case)
    if arguments.api:
        run_scripts(report, 'api', arguments.api, 'tests/api', arguments.match, arguments.case)
    if not arguments.unit and not arguments.api:
        run_all(report, arguments.all)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
