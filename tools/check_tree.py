#!/usr/bin/python3
"""The lint that knows this project's law. Each finding is file:line and the sentence it breaks.

check_tree.py [--tap] [ROOT]   checks the tree; one case a rule
check_tree.py --self-test      plants a fault for each rule and wants it found where it is

A rule is a function that takes a Tree and yields (path, line, text); its docstring is the
sentence. tools/check_tree_test.py holds the faults.
"""
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SOURCE_LINES_REASON, SOURCE_LINES_MAX, HEADER_LINES_MAX = 1000, 1500, 200
FUNCTION_LINES_MAX, FUNCTION_LINES_GREY = 70, 90
LONG_ON_PURPOSE = 'long on purpose:'
HEADER_LABELS = ['Purpose', 'Ownership', 'Threads', 'Errors', 'Limits']
FORMAT_VERSION = '14.'

# Attribute types: whoever else switches over them repeats what `item` knows. Add a file here only
# with the reason beside it.
TYPE_NAME_FOLDERS = ('item', 'expr')
TYPE_NAME_FILES = {
    'src/auth/identity_codec.c': 'an identity is stored as an item, member by member',
    'src/table/catalogue_codec.c': 'a catalogue entry is stored as an item, member by member',
    'src/partiql/value.c': 'literals in a statement have types',
}
TYPE_NAMES = re.compile(r'\bVALUE_(?:STRING|NUMBER|BINARY|BOOL|NULL|LIST|MAP|STRING_SET|NUMBER_SET|BINARY_SET)\b')

ARENA_FOLDERS = ('api', 'stream', 'table', 'item', 'expr', 'partiql')
HEAP_CALLS = re.compile(r'\b(malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf)\s*\(')

CONVERSION = re.compile(r'%(?:%|c|s|\.\*s|[-+ #0]*\d*(?:ll|l|z)?[diuxX]|[-+ #0]*\d*(?:\.\d+)?[fgeE])')
CONVERSION_FILES = {'src/server/config.c': 'prints to a FILE', 'src/json/json_writer.c': 'prints a double, with snprintf'}
DATE_FORMS = re.compile('%[YaHM]')

BELOW_ITEM = ('base', 'json', 'http', 'kv')
SERVICE_WORDS = re.compile(r'(?i:dynamodb)|\b(?:AttributeValue|TableName|(?:Put|Get|Update|Delete)Item|'
                           r'BatchGetItem|BatchWriteItem|TransactWriteItems|TransactGetItems|'
                           r'(?:Create|Delete|Describe|Update)Table|ListTables|ValidationException)\b')

TEXT = ('.c', '.h', '.def', '.py', '.sh', '.mjs', '.js', '.lua', '.md', '.build', '.txt', '.json', '.yml', '.yaml',
        '.dict', '.supp')
TEXT_NAMES = ('run', 'test', 'Makefile', 'DEPS', '.clang-format', '.clang-tidy', '.gitignore', '.editorconfig')
BEHAVIOURS, BEHAVIOURS_END = 'docs/behaviour.md', '## What no case holds'
OPEN_WORK = re.compile(r'\b(?:TO' 'DO|FIX' r'ME)\b(?!.*#\d)')
OPEN_WORK_FILES = {'tools/tap.py': 'TAP has a directive of that name'}
MACHINE_PATHS = re.compile(r'(?<![\w.~/])/(?:wo' r'rk|tmp/npm|ro' r'ot|home/\w+)/')
REGISTRIES = re.compile(r'"resolved"\s*:|\bregistry\.[a-z][a-z0-9.-]+\.[a-z]{2,}|'
                        r'https?://[^/\s"\']*(?:artifactory|nexus|jfrog|npmjs|yarnpkg)[^/\s"\']*')


class Tree:
    """The files of the project, read once."""

    def __init__(self, root):
        self.root = root
        self.paths = self.list()
        self.texts = {}

    def list(self):
        if os.path.exists(os.path.join(self.root, '.git')):
            out = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=self.root,
                                 capture_output=True, check=True).stdout.decode()
            paths = out.split('\0')
        else:
            paths = [os.path.relpath(os.path.join(folder, name), self.root)
                     for folder, _, names in os.walk(self.root) for name in names]
        return sorted(p for p in set(paths) if p and os.path.isfile(os.path.join(self.root, p)))

    def matching(self, folders, endings):
        return [p for p in self.paths if p.startswith(folders) and p.endswith(endings)]

    def sources(self, endings=('.c', '.h')):
        return self.matching('src/', endings)

    def read(self, path):
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding='utf-8', errors='replace') as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def lines(self, path):
        """(number, line) from 1 on."""
        return enumerate(self.read(path).split('\n'), 1)

    def code(self, path):
        """(number, line) with comments and literals blanked."""
        return enumerate(blanked(self.read(path)).split('\n'), 1)

    def text_paths(self):
        return [p for p in self.paths if p.endswith(TEXT) or os.path.basename(p) in TEXT_NAMES]


LITERALS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blanked(text):
    """C without comments and literals, line for line; the names of included files stay."""
    def blank(match):
        found = match.group(0)
        before = text[text.rfind('\n', 0, match.start()) + 1:match.start()]
        if found[0] == '"' and re.match(r'\s*#\s*include\s*$', before):
            return found
        return re.sub(r'[^\n]', ' ', found)
    return LITERALS.sub(blank, text)


def folder_of(path):
    """The row of src/DEPS that a file belongs to."""
    return path.split('/')[1]


# ---- layers ----

def layers(tree):
    """A folder includes only what its row in src/DEPS names, and a row names only rows above it."""
    allowed = {}
    if 'src/DEPS' not in tree.paths:
        yield 'src/DEPS', 1, 'is missing'
        return
    for number, line in tree.lines('src/DEPS'):
        row = line.split('#')[0]
        if not row.strip():
            continue
        name, _, rest = row.partition(':')
        for below in rest.split():
            if below not in allowed:
                yield 'src/DEPS', number, f'{name} names {below}, which is no row above it'
        allowed[name.strip()] = set(rest.split()) | {name.strip()}
    for path, number, included in includes(tree):
        if folder_of(path) not in allowed:
            yield path, number, f'{folder_of(path)} has no row in src/DEPS'
        elif 'src/' + included not in tree.paths:
            yield path, number, f'"{included}" is no file below src/ (includes start there)'
        elif included.split('/')[0] not in allowed[folder_of(path)]:
            yield path, number, f'{folder_of(path)} may not include {included.split("/")[0]}'


def includes(tree):
    for path in tree.sources(('.c', '.h', '.def')):
        if path.count('/') < 2:
            continue
        for number, line in tree.code(path):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if match:
                yield path, number, match.group(1)


def private_headers(tree):
    """A header named *_int.h is private to its folder and what lies below it."""
    for path, number, included in includes(tree):
        home = os.path.dirname('src/' + included) + '/'
        if included.endswith('_int.h') and not path.startswith(home):
            yield path, number, f'{included} is private to {home}'


def engine_headers(tree):
    """Only src/kv/rocks names RocksDB's headers."""
    for path in tree.matching(('src/', 'tests/', 'bench/'), ('.c', '.h', '.def')):
        for number, line in tree.code(path):
            if re.match(r'\s*#\s*include\s*[<"]rocksdb/', line) and not path.startswith('src/kv/rocks/'):
                yield path, number, line.strip()


# ---- sizes ----

def file_sizes(tree):
    """A source over 1000 lines says why on top (`long on purpose: …`), none has over 1500; a header has 200 at most."""
    for path in tree.matching(('src/', 'tests/'), ('.c', '.h')):
        text = tree.read(path)
        count = text.count('\n')
        if path.endswith('.h') and count > HEADER_LINES_MAX:
            yield path, HEADER_LINES_MAX + 1, f'a header of {count} lines has two subjects'
        elif count > SOURCE_LINES_MAX:
            yield path, SOURCE_LINES_MAX + 1, f'{count} lines'
        elif count > SOURCE_LINES_REASON and LONG_ON_PURPOSE not in '\n'.join(text.split('\n')[:20]):
            yield path, SOURCE_LINES_REASON + 1, f'{count} lines, and its top does not say why'


def functions(tree, path):
    """(line of the opening brace, line of the closing one, name), as clang-format lays them out."""
    opening = None
    for number, line in tree.code(path):
        if opening is None:
            if re.match(r'[^\s#}].*\{\s*$|\s+.*\)\s*\{\s*$', line) and starts_function(tree, path, number):
                opening = number
        elif line.startswith('}'):
            yield opening, number, function_name(tree, path, opening)
            opening = None


def head_of(tree, path, number):
    """The text from the last line in column 0 that starts a declaration up to the brace."""
    lines = blanked_lines(tree, path)
    first = number
    while first > 1 and number - first < 12 and (lines[first - 1][:1].isspace()
                                                or not re.search(r'[;}>)*/]\s*$|^#|^\s*$', lines[first - 2])):
        first -= 1
    return first, ' '.join(lines[first - 1:number])


def blanked_lines(tree, path):
    key = ('blanked', path)
    if key not in tree.texts:
        tree.texts[key] = blanked(tree.read(path)).split('\n')
    return tree.texts[key]


def starts_function(tree, path, number):
    _, head = head_of(tree, path, number)
    return '(' in head and not re.search(r'=\s*\{\s*$', head) and \
        not re.match(r'\s*(?:typedef|extern "|(?:static |const )*(?:struct|union|enum)\s*\w*\s*\{)', head)


def function_name(tree, path, number):
    _, head = head_of(tree, path, number)
    head = re.sub(r'__attribute__\s*\(\(.*?\)\)', '', head)
    match = re.search(r'(\w+)\s*\(', head)
    return match.group(1) if match else '?'


def function_sizes(tree):
    """A function has 70 lines at most; one over 90 carries `long on purpose: …` right above it, one between is cut."""
    for path in tree.matching(('src/', 'tests/', 'bench/'), ('.c', '.h')):
        raw = tree.read(path).split('\n')
        for opening, closing, name in functions(tree, path):
            count = closing - opening + 1
            if count <= FUNCTION_LINES_MAX:
                continue
            first, _ = head_of(tree, path, opening)
            said = LONG_ON_PURPOSE in '\n'.join(raw[max(0, first - 6):first - 1])
            if count <= FUNCTION_LINES_GREY or not said:
                yield path, opening, f'{name} has {count} lines'


# ---- headers, words, layout ----

def five_lines(tree):
    """A public header starts with Purpose, Ownership, Threads, Errors and Limits, each filled in."""
    for path in tree.sources('.h'):
        if path.endswith('_int.h') or path == 'src/base/banned.h':
            continue
        top = re.match(r'/\*.*?\*/', tree.read(path), re.S)
        found = re.findall(r'^ \* (\w+):[ \t]+\S', top.group(0), re.M) if top else []
        missing = [label for label in HEADER_LABELS if label not in found]
        if missing:
            yield path, 1, 'no line for ' + ', '.join(missing)
        elif [label for label in found if label in HEADER_LABELS] != HEADER_LABELS:
            yield path, 1, 'they are in another order'


def type_names(tree):
    """Only item and expr know the attribute types by name."""
    for path in tree.sources(('.c', '.h', '.def')):
        if folder_of(path) in TYPE_NAME_FOLDERS or path in TYPE_NAME_FILES:
            continue
        for number, line in tree.code(path):
            match = TYPE_NAMES.search(line)
            if match:
                yield path, number, match.group(0)


def heap_calls(tree):
    """In api, table, item and expr memory comes from an arena: nothing there calls malloc or free."""
    for path in tree.sources():
        if folder_of(path) in ARENA_FOLDERS:
            for number, line in tree.code(path):
                match = HEAP_CALLS.search(line)
                if match:
                    yield path, number, match.group(1)


def conversions(tree):
    """Texts are formatted with the conversions that base/format.c has."""
    for path in tree.sources():
        raw = tree.read(path) if path not in CONVERSION_FILES else ''
        for match in LITERALS.finditer(raw):
            text = match.group(0)
            if text[0] != '"' or DATE_FORMS.search(text):
                continue
            for found in re.findall(r'%[^a-zA-Z%"]*(?:hh|h|ll|l|z|j|t)?[a-zA-Z%]', text):
                if not CONVERSION.fullmatch(found):
                    yield path, raw.count('\n', 0, match.start()) + 1, found


def defaults(tree):
    """A switch over an enum has no `default:`, so that a new member fails to compile; if it must, a comment says why."""
    for path in tree.sources():
        raw = tree.read(path).split('\n')
        for number, line in tree.code(path):
            if re.search(r'\bdefault\s*:', line) and not is_over_characters(raw, number):
                near = raw[number - 2] + raw[number - 1] if number > 1 else raw[0]
                if '/*' not in near and '//' not in near and '*/' not in near:
                    yield path, number, line.strip()


def is_over_characters(lines, number):
    """Whether the nearest `case` above is a character or a number: then it is a switch over no enum."""
    for line in reversed(lines[:number]):
        match = re.search(r'\bcase\s+(\S)', line)
        if match or 'switch' in line:
            return bool(match) and match.group(1) in "'0123456789-"
    return False


def service_words(tree):
    """Below item nobody knows which service this is: base, json, http and kv name nothing of its API."""
    for path in tree.sources(('.c', '.h', '.def')):
        if folder_of(path) in BELOW_ITEM:
            for number, line in tree.lines(path):
                match = SERVICE_WORDS.search(line)
                if match:
                    yield path, number, match.group(0)


def operations_have_tests(tree):
    """Every operation in src/api/ops.def has its file tests/api/<Operation>.test.mjs."""
    if 'src/api/ops.def' not in tree.paths:
        return
    for number, line in tree.lines('src/api/ops.def'):
        match = re.match(r'\s*OP\w*\(\s*\w+\s*,\s*(\w+)', line)
        if match and f'tests/api/{match.group(1)}.test.mjs' not in tree.paths:
            yield 'src/api/ops.def', number, f'{match.group(1)} has none'


def behaviours_are_held(tree):
    """Every behaviour in docs/behaviour.md names cases that fail without it, and each of them is there."""
    lines = list(tree.lines(BEHAVIOURS)) if BEHAVIOURS in tree.paths else []
    waiting = None  # the line of a behaviour that has named no case yet
    for number, line in lines + [(len(lines) + 1, BEHAVIOURS_END)]:
        held = re.match(r'  `([^`]+)`: (.+)', line)
        if held:
            waiting = None
            for case in held.group(2).split(' | '):
                if not has_case(tree, 'tests/' + held.group(1), case):
                    yield BEHAVIOURS, number, f'tests/{held.group(1)} has no case "{case}"'
        elif waiting and not line.startswith(' '):
            yield BEHAVIOURS, waiting, 'names no case'
            waiting = None
        if line == BEHAVIOURS_END:
            return
        if line.startswith('- '):
            waiting = number


def has_case(tree, path, case):
    """A function in C; elsewhere a literal: the name of a test, or of its row in a table of tests."""
    if path not in tree.paths:
        return False
    text = tree.read(path)
    if path.endswith('.c'):
        return re.search(rf'^static void {re.escape(case)}\(', text, re.MULTILINE) is not None
    return any(quote + spelled + quote in text for quote in '\'"`'
               for spelled in (case, case.replace(quote, '\\' + quote)))


def open_work(tree):
    """Work left open names its issue (#N)."""
    for path in tree.text_paths():
        for number, line in tree.lines(path):
            match = OPEN_WORK.search(line)
            if match and path not in OPEN_WORK_FILES:
                yield path, number, line.strip()[:80]


def blanks(tree):
    """No blanks at the end of a line, no tabs (the Makefile needs them), a newline at the end of a file."""
    for path in tree.text_paths():
        if '/corpus/' in path:
            continue  # what a fuzzer reads is as it is
        text = tree.read(path)
        if text and not text.endswith('\n'):
            yield path, text.count('\n') + 1, 'no newline at the end'
        for number, line in tree.lines(path):
            if line != line.rstrip():
                yield path, number, 'blanks at the end'
            elif '\t' in line and os.path.basename(path) != 'Makefile':
                yield path, number, 'a tab'


def layout(tree):
    """C files are laid out by clang-format (make fmt)."""
    program = formatter()
    paths = tree.matching(('src/', 'tests/', 'bench/'), ('.c', '.h'))
    if not program or not paths:
        return
    done = subprocess.run([program, '--dry-run', '--Werror', '--ferror-limit=1', '--style=file', *paths],
                          cwd=tree.root, capture_output=True, text=True, check=False)
    seen = set()
    for match in re.finditer(r'^(\S+?):(\d+):\d+: error: ', done.stderr, re.M):
        if match.group(1) not in seen:
            seen.add(match.group(1))
            yield match.group(1), int(match.group(2)), 'make fmt'
    if done.returncode and not seen:
        yield '.clang-format', 1, done.stderr.strip()[:200]


def formatter():
    """Another version would lay out other things."""
    for name in ('clang-format-14', 'clang-format'):
        program = shutil.which(name)
        if program:
            version = subprocess.run([program, '--version'], capture_output=True, text=True, check=False).stdout
            if f'version {FORMAT_VERSION}' in version:
                return program
    return None


def machine_paths(tree):
    """No file names a path that only one machine has."""
    for path in tree.text_paths():
        for number, line in tree.lines(path):
            match = MACHINE_PATHS.search(line)
            if match:
                yield path, number, match.group(0)


def registries(tree):
    """No file names a package registry: which one is used is the business of each machine."""
    for path in tree.text_paths():
        if path.startswith('tools/check_tree'):
            continue
        for number, line in tree.lines(path):
            match = REGISTRIES.search(line)
            if match:
                yield path, number, match.group(0)


RULES = [layers, private_headers, engine_headers, file_sizes, function_sizes, five_lines, type_names, heap_calls, conversions,
         defaults, service_words, operations_have_tests, behaviours_are_held, open_work, blanks, layout, machine_paths, registries]


def skipped(rule):
    return rule is layout and not formatter()


def main():
    arguments = sys.argv[1:]
    if '--self-test' in arguments:
        import check_tree_test
        return check_tree_test.main(RULES, Tree)
    tap = '--tap' in arguments
    roots = [a for a in arguments if not a.startswith('--')]
    tree = Tree(os.path.abspath(roots[0]) if roots else ROOT)
    failed = 0
    if tap:
        print(f'1..{len(RULES)}')
    for number, rule in enumerate(RULES, 1):
        findings = list(rule(tree))
        failed += bool(findings)
        if tap:
            said = ' # SKIP no clang-format of version 14' if skipped(rule) else ''
            print(f'{"not ok" if findings else "ok"} {number} - {rule.__name__}{said}')
        for path, line, text in findings:
            print(f'{"# " if tap else ""}{path}:{line}: {text} ({rule.__doc__})')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
