"""Proof that check_tree.py finds what it is for: a small tree that passes, and for each rule faults
that must be found, in the file and line where they were planted."""
import os
import shutil
import tempfile

HEADER = '/* {0}.h - a header.\n *\n * Purpose:   one.\n * Ownership: two.\n * Threads:   three.\n' \
         ' * Errors:    four.\n * Limits:    five.\n */\n#pragma once\n'
OPEN = 'TO' + 'DO'

GOOD = {
    '.clang-format': 'BasedOnStyle: LLVM\nIndentWidth: 4\nColumnLimit: 100\n',
    'src/DEPS': '# who\nbase:\njson: base\nkv: base # bytes\nitem: base json\napi: base item\n',
    'src/base/a.h': HEADER.format('a'),
    'src/base/b.h': HEADER.format('b'),
    'src/kv/kv.h': HEADER.format('kv'),
    'src/kv/kv_int.h': '/* private */\n',
    'src/kv/rocks/rocks.c': '#include "kv/kv_int.h"\n\n#include <rocksdb/c.h>\n',
    'src/item/value.h': HEADER.format('value') + '\nenum kind { VALUE_STRING };\n',
    'src/api/ops.def': 'OP(DDB, GetItem, get_item)\n',
    'src/api/op.c': '/* no malloc(1) here, and no VALUE_STRING */\n#include "item/value.h"\n\n'
                    'int op(int a) {\n    switch (a) {\n    case \'x\':\n        return 1;\n    default:\n'
                    '        return 2;\n    }\n}\n',
    'tests/api/GetItem.test.mjs': '// ' + OPEN + ' #12: more\ntest(\'it\\\'s one\', () => {});\ntest("two");\n',
    'tests/unit/base/test_a.c': 'static void it_is_a_case(void **state) {\n    (void)state;\n    (void)state;\n}\n',
    'docs/behaviour.md': '# Behaviour\n\n- One thing,\n  and how.\n  `api/GetItem.test.mjs`: it\'s one | two\n'
                         '  `unit/base/test_a.c`: it_is_a_case\n\n## What no case holds\n\n- Another.\n',
    'Makefile': 'all:\n\ttrue\n',
}


def body(lines, name='f', above=''):
    """A function that takes `lines` lines from brace to brace."""
    return f'{above}int {name}(int a) {{\n' + '    a++;\n' * (lines - 2) + '}\n'


LONG = '/* long on purpose: a table. */\n'
# What is just allowed, so that a rule that grows too strict is seen, too.
GOOD['src/base/edge.c'] = body(70) + '\n' + body(91, 'g', LONG) + \
    '\n/* clang-format off */\nstatic const int table[] = {\n' + '    1,\n' * 90 + '};\n'
GOOD['src/base/edge.h'] = HEADER.format('edge') + '\n' + 'int a;\n' * 190
GOOD['src/base/edge_int.h'] = ('/* in a comment: default: */\n#define A "default: // "\n')

# rule -> [(what, file, its text (None: it is gone), the file and line of the finding)]
FAULTS = {
    'layers': [
        ('an include upwards', 'src/kv/x.c', '\n#include "api/api.h"\n', 'src/kv/x.c:2'),
        ('an include the row does not name', 'src/kv/x.c', '#include "item/value.h"\n', 'src/kv/x.c:1'),
        ('an include below src/kv/rocks', 'src/kv/rocks/x.c', '#include "item/value.h"\n', 'src/kv/rocks/x.c:1'),
        ('an include relative to its folder', 'src/kv/x.c', '#include "kv.h"\n', 'src/kv/x.c:1'),
        ('a cycle in DEPS', 'src/DEPS', 'base: json\njson: base\nkv: base\nitem: base json\napi: base item\n', 'src/DEPS:1'),
        ('a folder without a row', 'src/new/x.c', '#include "base/a.h"\n', 'src/new/x.c:1'),
    ],
    'private_headers': [('a private header elsewhere', 'src/api/x.c', '\n\n#include "kv/kv_int.h"\n', 'src/api/x.c:3')],
    'engine_headers': [
        ('RocksDB in kv', 'src/kv/x.c', '#include <rocksdb/c.h>\n', 'src/kv/x.c:1'),
        ('RocksDB in a test', 'tests/unit/x.c', '#include <rocksdb/c.h>\n', 'tests/unit/x.c:1'),
    ],
    'file_sizes': [
        ('a header of 201 lines', 'src/base/b.h', HEADER.format('b') + 'int a;\n' * 192, 'src/base/b.h:201'),
        ('a source of 1001 lines', 'src/base/x.c', 'int a;\n' * 1001, 'src/base/x.c:1001'),
        ('a source of 1501 lines, with a reason', 'src/base/x.c', LONG + 'int a;\n' * 1500, 'src/base/x.c:1501'),
    ],
    'function_sizes': [
        ('a function of 71 lines', 'src/base/x.c', '\n' + body(71), 'src/base/x.c:2'),
        ('a function of 80 lines, with a reason', 'src/base/x.c', body(80, above=LONG), 'src/base/x.c:2'),
        ('a function of 91 lines', 'src/base/x.c', body(91), 'src/base/x.c:1'),
        ('the second of two', 'src/base/x.c', body(91, above=LONG) + '\n' + body(91, 'g'), 'src/base/x.c:94'),
        ('one with its head on two lines', 'src/base/x.c',
         'static status long_name(int a,\n                        ' + body(71)[6:], 'src/base/x.c:2'),
        ('one that returns a struct', 'src/base/x.c', 'struct s ' + body(72)[4:], 'src/base/x.c:1'),
    ],
    'five_lines': [
        ('a header without comment', 'src/base/b.h', '#pragma once\n', 'src/base/b.h:1'),
        ('an empty label', 'src/base/b.h', HEADER.format('b').replace('four.', ''), 'src/base/b.h:1'),
        ('another order', 'src/base/b.h', HEADER.format('b').replace('Errors', 'X').replace('Limits', 'Errors')
         .replace('X', 'Limits'), 'src/base/b.h:1'),
    ],
    'type_names': [('a type name in api', 'src/api/x.c', 'int a = VALUE_NUMBER_SET;\n', 'src/api/x.c:1')],
    'heap_calls': [
        ('malloc in api', 'src/api/x.c', '\nchar *a = malloc(1);\n', 'src/api/x.c:2'),
        ('free in item', 'src/item/x.c', 'free (a);\n', 'src/item/x.c:1'),
    ],
    'conversions': [('a conversion that is not there', 'src/kv/x.c', 'int a;\nf("%0*d");\n', 'src/kv/x.c:2')],
    'defaults': [('default in a switch over an enum', 'src/kv/x.c',
                  'switch (a) {\ncase KV_A:\n    break;\ndefault:\n    break;\n}\n', 'src/kv/x.c:4')],
    'service_words': [
        ('the service in kv', 'src/kv/x.c', '/* as DynamoDB does */\n', 'src/kv/x.c:1'),
        ('an operation in json', 'src/json/x.c', 'int a; /* PutItem */\n', 'src/json/x.c:1'),
    ],
    'operations_have_tests': [
        ('an operation without tests', 'src/api/ops.def', '/* */\nOP( DDB,  PutItem,  put_item )\n', 'src/api/ops.def:2'),
        ('a test that went', 'tests/api/GetItem.test.mjs', None, 'src/api/ops.def:1'),
    ],
    'behaviours_are_held': [
        ('a behaviour without a case', 'docs/behaviour.md', '# B\n\n- One.\n- Two.\n  `api/GetItem.test.mjs`: two\n', 'docs/behaviour.md:3'),
        ('one at the end', 'docs/behaviour.md', '- One.\n  `api/GetItem.test.mjs`: two\n- Two.\n', 'docs/behaviour.md:3'),
        ('a file that went', 'tests/unit/base/test_a.c', None, 'docs/behaviour.md:6'),
        ('a test of another name', 'docs/behaviour.md', '- One.\n  `api/GetItem.test.mjs`: two | tw\n', 'docs/behaviour.md:2'),
        ('a case of another name', 'docs/behaviour.md', '- One.\n  `unit/base/test_a.c`: it_is_a\n', 'docs/behaviour.md:2'),
    ],
    'open_work': [('open work without an issue', 'tools/x.py', '#\n# ' + OPEN + ': more\n', 'tools/x.py:2')],
    'blanks': [
        ('blanks at the end', 'src/base/x.c', 'int a; \n', 'src/base/x.c:1'),
        ('a tab', 'src/base/x.c', 'int\ta;\n', 'src/base/x.c:1'),
        ('no newline at the end', 'src/base/x.c', 'int a;', 'src/base/x.c:1'),
    ],
    'layout': [('another layout', 'src/base/x.c', 'int a;\nint   b;\n', 'src/base/x.c:2')],
    'machine_paths': [('a path of a machine', 'a.md', 'see /ro' + 'ot/x\n', 'a.md:1')],
    'registries': [('a lock file with registries', 'tests/package-lock.json',
                    '{\n"resolved": "https://x/y.tgz"\n}\n', 'tests/package-lock.json:2')],
}


def plant(root, files):
    for path, text in files.items():
        if text is not None:
            whole = os.path.join(root, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, 'w', encoding='utf-8') as file:
                file.write(text)


def found(rule, make_tree, files):
    root = tempfile.mkdtemp()
    try:
        plant(root, files)
        return [f'{path}:{line}' for path, line, _ in rule(make_tree(root))]
    finally:
        shutil.rmtree(root)


def main(rules, make_tree):
    from check_tree import skipped
    results = []
    for rule in rules:
        said = ' # SKIP no clang-format of version 14' if skipped(rule) else ''
        results.append((f'{rule.__name__} accepts the good tree{said}', found(rule, make_tree, GOOD), []))
        faults = FAULTS.get(rule.__name__, [])
        if not faults:
            results.append((f'{rule.__name__} has a planted fault', [], ['one']))
        for what, path, text, where in faults:
            results.append((f'{rule.__name__} finds {what}{said}', found(rule, make_tree, {**GOOD, path: text}), [where]))
    print(f'1..{len(results)}')
    failed = 0
    for number, (name, got, want) in enumerate(results, 1):
        good = got == want or '# SKIP' in name
        failed += not good
        print(f'{"ok" if good else "not ok"} {number} - {name}')
        if not good:
            print(f'# found {got}, want {want}')
    return 1 if failed else 0
