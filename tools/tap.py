"""TAP as cmocka and Node's test runner write it, down to single cases."""
import re
from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'


@dataclass
class Case:
    name: str
    outcome: str
    detail: list = field(default_factory=list)  # lines that explain a failure
    whole: bool = False  # about a whole run, not a case in it


RESULT = re.compile(r'^( *)(ok|not ok)\b *(\d*)(?: *- *| +|$)(.*)$')
PLAN = re.compile(r'^1\.\.(\d+)(?: *# *skip.*)?$', re.I)
DIRECTIVE = re.compile(r'(?:^| )# *(SKIP|TODO)\b.*$', re.I)


def parse(text):
    """(cases, planned): the leaves of the tree of results, and how many the plans announced.

    Node writes the cases of a suite first, indented by four, and then a line for the suite: that
    line is no case of its own, unless the suite failed and none of its cases did (a hook)."""
    cases, planned, notes = [], 0, []
    below = {}  # indent -> [results seen there since the last result further out, failed ones]
    last = None
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned += int(plan.group(1))
            continue
        match = RESULT.match(line)
        if not match:
            explains(line, last, notes)
            continue
        indent, word, _, rest = match.groups()
        depth = len(indent)
        seen, failed = below.pop(depth + 4, (0, 0))
        for deeper in [d for d in below if d > depth]:
            del below[deeper]
        directive = DIRECTIVE.search(rest)
        name = DIRECTIVE.sub('', rest).strip() or (directive.group(0).split()[-1] if directive else '?')
        name = name.replace('\\#', '#')
        outcome = PASSED if word == 'ok' else FAILED
        if directive:
            outcome = SKIPPED
        total, bad = below.get(depth, (0, 0))
        below[depth] = (total + 1, bad + (outcome == FAILED))
        if seen and (outcome != FAILED or failed):
            last = None
            continue
        last = Case(name, outcome, notes if outcome == FAILED else [])
        notes = []
        cases.append(last)
    return cases, planned


def explains(line, last, notes):
    """A line that is no result: cmocka's notes stand before or after theirs, Node's after."""
    text = line.strip()
    if not text or text in ('---', '...') or re.match(r'(TAP version|# (Subtest|ok -|not ok -|tests|suites|pass|fail|'
                                                      r'cancelled|skipped|todo|duration_ms)\b|(duration_ms|type|failureType):)', text):
        return
    if last is not None and last.outcome == FAILED:
        if len(last.detail) < 40:
            last.detail.append(line)
    elif last is None or not line.startswith(' '):
        notes.append(line)
        del notes[:-40]
