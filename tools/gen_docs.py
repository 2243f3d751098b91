#!/usr/bin/python3
"""Writes docs/compat.md, docs/configuration.md and the list in docs/metrics.md from the tables that describe the server.

docs/compat.md: every operation of the model (src/api/shapes.def), whether it is there
(src/api/ops.def), and its cases in tests/api as the last run of ./test counted them
(build/results.json, written by tools/run_tests.py). --check says whether what is committed is what
the tables say; the counts are left out of that comparison.
"""
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = 'build/results.json'


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def model_operations():
    rows = re.findall(r'^OPERATION\((\w+), (\w+), \w+\)', read('src/api/shapes.def'), re.M)
    return sorted((name, service) for service, name in rows)


def served_operations():
    return {name: service for service, name in re.findall(r'^OP\(\s*(\w+),\s*(\w+),', read('src/api/ops.def'), re.M)}


def counts():
    """Cases of each test file in the last run: {'PutItem': (passed, failed, skipped)}."""
    path = os.path.join(ROOT, RESULTS)
    if not os.path.isfile(path):
        return {}
    with open(path, encoding='utf-8') as file:
        return {name.split('.')[0]: tuple(outcome) for name, outcome in json.load(file).get('api', {}).items()}


def told(outcome):
    if outcome is None:
        return ''
    passed, failed, skipped = outcome
    return f'{passed} pass' + (f', {failed} fail' if failed else '') + (f', {skipped} skipped' if skipped else '')


def compat():
    served, counted = served_operations(), counts()
    lines = ['# Operations', '',
             'Written by `tools/gen_docs.py` from the table of operations and the last run of the tests; do not edit.', '',
             'What is not there answers `UnknownOperationException`. A parameter that is not there yet is refused by name.', '']
    for service, title in (('DDB', 'DynamoDB'), ('STREAMS', 'DynamoDB Streams')):
        names = [name for name, of in model_operations() if of == service]
        there = [name for name in names if name in served]
        lines += [f'## {title}: {len(there)} of {len(names)}', '', '| operation | there | cases |', '|---|---|---|']
        lines += [f'| {name} | {"yes" if name in served else "–"} | {told(counted.get(name)) if name in served else ""} |'
                  for name in names]
        lines.append('')
    others = sorted(name for name in counted if name not in served)
    if others:
        lines += ['## Across operations', '', '| suite | cases |', '|---|---|']
        lines += [f'| {name} | {told(counted[name])} |' for name in others] + ['']
    return '\n'.join(lines)


def configuration():
    row = re.compile(r'^CONFIG\("([^"]+)",\s*(\w+),\s*\w+,\s*"([^"]*)",\s*(\d+),\s*(\d+),\s*"([^"]*)"\)', re.M)
    lines = ['# Configuration', '',
             'Written by `tools/gen_docs.py` from src/server/config.def; do not edit.', '',
             'On the command line as `--name VALUE` or `--name=VALUE`, in the environment as `STATOR_NAME` (with `_` for `-`), '
             'or in a file given by `--config FILE` with lines of `name = VALUE`. The command line wins over the environment, '
             'and that over the file.', '',
             '| name | default | bounds | |', '|---|---|---|---|']
    for name, kind, standard, low, high, sentence in row.findall(read('src/server/config.def')):
        bounds = f'{low} … {high}' if kind == 'INTEGER' else 'true, false' if kind == 'FLAG' else ''
        shown = f'`{standard}`' if standard else ''
        lines.append(f'| `{name}` | {shown} | {bounds} | {sentence} |')
    return '\n'.join(lines) + '\n'


METRIC_KINDS = {
    'COUNTER': ('counter', ''), 'BY_OPERATION': ('counter', 'operation'), 'LATENCY': ('histogram', 'operation'),
    'SAMPLED_COUNTER': ('counter', ''), 'SAMPLED_GAUGE': ('gauge', ''),
    'SAMPLED_DISTRIBUTION': ('histogram', ''), 'SAMPLED_DURATIONS': ('histogram', ''),
}
METRICS_BEGIN = '<!-- From here on written by tools/gen_docs.py from src/server/metrics.def. -->'
METRICS_END = '<!-- Up to here. -->'


def metrics():
    """The text around the list is written by hand."""
    text = read('docs/metrics.md')
    before, rest = text.split(METRICS_BEGIN)
    behind = rest.split(METRICS_END)[1]
    row = re.compile(r'^METRIC\( *\w+, *(\w+), *"([^"]+)", *"([^"]+)"\)', re.M)
    lines = ['| name | type | labels | |', '|---|---|---|---|']
    for kind, name, sentence in row.findall(read('src/server/metrics.def')):
        type_name, label = METRIC_KINDS[kind]
        lines.append(f'| `{name}` | {type_name} | {label} | {sentence} |')
    return before + METRICS_BEGIN + '\n' + '\n'.join(lines) + '\n' + METRICS_END + behind


def without_counts(text):
    text = re.sub(r'## Across operations.*', '', text, flags=re.S)
    return re.sub(r'(\| (?:yes|–) \|)[^|\n]*\|', r'\1', text).strip()


def main():
    documents = {'docs/compat.md': compat(), 'docs/configuration.md': configuration(), 'docs/metrics.md': metrics()}
    stale = []
    for path, text in documents.items():
        full = os.path.join(ROOT, path)
        if '--check' in sys.argv[1:]:
            if not os.path.isfile(full) or without_counts(read(path)) != without_counts(text):
                stale.append(path)
        else:
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'w', encoding='utf-8') as file:
                file.write(text)
    for path in stale:
        print(f'{path}: not what the tables say; run tools/gen_docs.py')
    return 1 if stale else 0


if __name__ == '__main__':
    sys.exit(main())
