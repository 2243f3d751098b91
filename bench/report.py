#!/usr/bin/python3
"""Puts the newest results of `make bench`, `bench-scale` and `bench-long` into docs/performance.md.

A figure there is one that was measured: each table stands between two marks, and is written by this.
"""
import glob
import json
import os
import re
import statistics

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(os.path.dirname(HERE), 'docs/performance.md')
TARGETS = {  # most µs of CPU, durable (docs/performance.md says where they come from)
    'GetItem, 32': 22, 'Query, 32': 60, 'PutItem, 64': 40, 'UpdateItem, 32': 45, 'BatchGetItem, 32': 130, 'TransactWriteItems, 32': 60}


def newest(prefix):
    files = sorted(glob.glob(os.path.join(HERE, 'results', f'{prefix}[0-9]*.json')))
    if not files:
        return None
    with open(files[-1], encoding='utf-8') as file:
        return json.load(file)


def middle(runs, what):
    values = [run[what] for run in runs if what in run]
    return statistics.median(values) if values else None


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|---' + '|---:' * (len(head) - 1) + '|']
    return '\n'.join(lines + ['| ' + ' | '.join(row) + ' |' for row in rows])


def cell(value, form, first=None):
    if value is None:
        return '–'
    return f'{value:{form}}' + (f' ({value / first:.1f}×)' if first else '')


def titles_of(results, loop):
    return dict.fromkeys(title for result in results.values() for title in result[loop])


def comparison(results, loop, what, form, with_targets=False):
    names = list(results)
    rows = []
    for title in titles_of(results, loop):
        figures = [middle(results[name][loop].get(title, []), what) for name in names]
        target = [f'≤ {TARGETS[title]}' if title in TARGETS else ''] if with_targets else []
        rows.append([title, *target, *(cell(figure, form, figures[0] if i and figures[0] else None) for i, figure in enumerate(figures))])
    return table(['', *(['target'] if with_targets else []), *names], rows)


def sizes(results):
    names = list(results)
    rows = [['start to answer, ms', *(cell(statistics.median(results[n]['start_ms']), '.1f') for n in names)]]
    rows += [[f'RSS {when}, MB', *(cell(results[n]['rss_mb'][when], '.0f') for n in names)] for when in ('idle', 'loaded', 'after')]
    rows += [['bytes on disk an item', *(cell(results[n].get('disk_bytes_per_item'), '.0f') for n in names)]]
    return table(['', *names], rows)


def bench_section(run):
    results = run['results']
    rounds = len(next(iter(results['stator']['closed'].values())))
    own = {name: result for name, result in results.items() if name.startswith('stator')}
    return '\n\n'.join([
        f'{run["cpus"]} cores, medians of {rounds} rounds of {run["seconds"]} s each, the load generator beside the server. In brackets: by the first column.',
        'Server CPU, µs a request (number of connections behind the kind):', comparison(results, 'closed', 'cpu_us', '.1f', True),
        'Requests a second, closed loop:', comparison(results, 'closed', 'per_second', ',.0f'),
        'Latency of Stator, closed loop: p50, µs', comparison(own, 'closed', 'p50_us', ',.0f'),
        'p99, µs', comparison(own, 'closed', 'p99_us', ',.0f'), 'p99.9, µs', comparison(own, 'closed', 'p999_us', ',.0f'),
        'fsyncs a second', comparison({'stator': results['stator']}, 'closed', 'syncs_per_second', ',.0f'),
        'Open loop, at half of each server\'s own highest rate: p50, µs', comparison(results, 'open', 'p50_us', ',.0f'),
        'p99.9, µs', comparison(results, 'open', 'p999_us', ',.0f'), 'Size:', sizes(results)])


def scale_section(run):
    parts, rows = run['results'], []
    for name, results in parts.items():
        kinds = [kind for kind in results if kind.startswith('GetItem')]
        for kind in kinds:
            of = results[kind]
            rows.append([f'{name}: {kind.split(", ")[1]}', cell(of['cpu_us'], '.1f', results[kinds[0]]['cpu_us']), cell(of['per_second'], ',.0f'),
                         cell(of['p50_us'], ',.0f'), cell(of['p99_us'], ',.0f')])
    both = parts['beyond memory']['hot beside cold']
    cold = [[f'cached items, {when}', *(cell(both[key][what], ',.0f') for what in ('p50_us', 'p99_us', 'p999_us'))]
            for key, when in (('alone', 'alone'), ('beside', f'beside {both["cold_per_second"]:,.0f} cold reads a second'))]
    return '\n\n'.join([table(['', 'CPU, µs', 'requests/s', 'p50, µs', 'p99, µs'], rows),
                        table(['', 'p50, µs', 'p99, µs', 'p99.9, µs'], cold)])


def long_section(run):
    runs = run['runs']
    groups = [('quiet', [r for r in runs if not r['busy']]), ('flush or compaction', [r for r in runs if r['busy']])]
    rows = [[name, str(len(of)), *(cell(middle(of, what), ',.0f') for what in ('p50_us', 'p99_us', 'p999_us')), cell(max(r['p999_us'] for r in of), ',.0f')]
            for name, of in groups if of]
    return '\n\n'.join([
        f'{run["rate"]:,} requests a second, in steps of 2 s ({len(runs)} of them); highest RSS {max(r["rss_mb"] for r in runs):.0f} MB; '
        f'writes slowed down in {sum(r["slowed"] for r in runs)} steps, stopped in {sum(r["stopped"] for r in runs)}.',
        table(['', 'steps', 'p50, µs', 'p99, µs', 'p99.9, µs', 'worst p99.9, µs'], rows)])


def profile_section(run):
    parts = []
    for kind, result in run['results'].items():
        rows = [['\u2003' * depth + what, f'`{name}`', f'{share:.1f} %', f'{share * result["cpu_us"] / 100:.2f}'] for depth, name, what, share in result['rows']]
        parts += [f'{kind}: {result["cpu_us"]:.1f} µs, {result["kernel"]:.0f} % of them in the kernel, while perf took samples (999 a second).',
                  table(['', 'function, with all it calls', 'of all samples', 'µs'], rows)]
    return '\n\n'.join(parts)


def main():
    with open(PAGE, encoding='utf-8') as file:
        page = file.read()
    for prefix, section in (('', bench_section), ('scale-', scale_section), ('long-', long_section), ('profile-', profile_section)):
        name, run = prefix.strip('-') or 'bench', newest(prefix)
        if run:
            body = f'<!-- {name} -->\n\n{section(run)}\n\n<!-- end of {name} -->'
            page, count = re.subn(rf'<!-- {name} -->.*?<!-- end of {name} -->', lambda _, body=body: body, page, flags=re.S)
            assert count == 1, f'{PAGE} has no place for {name}'
    with open(PAGE, 'w', encoding='utf-8') as file:
        file.write(page)


if __name__ == '__main__':
    main()
