#!/usr/bin/python3
"""Writes src/api/shapes.def, the table of everything an operation's input may hold.

    gen_shapes.py [--check] [MODEL.json ...]

The models are the public ones of the service and of its streams (botocore carries them; without
arguments the copy of Debian's python3-botocore is read). What is written is a table of our own:
names, types and limits, no prose. --check says whether the committed table is what would be
written.

Where the service is known to differ from its model, the difference is a row below."""
import glob
import gzip
import json
import os
import sys

OUTPUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src', 'api', 'shapes.def')

# The order in which the service looks at members, where it is known and is not the model's order;
# members that are not named follow in the model's order.
ORDER = {
    'BatchGetItemInput': 'ReturnConsumedCapacity RequestItems',
    'BatchWriteItemInput': 'ReturnConsumedCapacity ReturnItemCollectionMetrics RequestItems',
    'CreateTableInput': 'AttributeDefinitions TableName BillingMode ProvisionedThroughput KeySchema '
                        'LocalSecondaryIndexes GlobalSecondaryIndexes',
    'DeleteItemInput': 'ReturnConsumedCapacity TableName ReturnValues ReturnItemCollectionMetrics '
                       'Key ConditionalOperator Expected',
    'GetItemInput': 'ReturnConsumedCapacity AttributesToGet TableName Key',
    'ListTablesInput': 'Limit ExclusiveStartTableName',
    'PutItemInput': 'ReturnConsumedCapacity TableName Item ConditionalOperator Expected '
                    'ReturnValues ReturnItemCollectionMetrics',
    'QueryInput': 'Select IndexName ReturnConsumedCapacity QueryFilter TableName '
                  'ConditionalOperator AttributesToGet Limit KeyConditions ExclusiveStartKey',
    'ScanInput': 'Select IndexName TotalSegments ReturnConsumedCapacity TableName '
                 'ConditionalOperator ScanFilter Segment Limit AttributesToGet ExclusiveStartKey',
    'UpdateItemInput': 'ReturnConsumedCapacity TableName ReturnItemCollectionMetrics ReturnValues '
                       'Key ConditionalOperator Expected AttributeUpdates',
    'UpdateTableInput': 'TableName ProvisionedThroughput BillingMode GlobalSecondaryIndexUpdates',
    'CreateGlobalSecondaryIndexAction': 'Projection IndexName ProvisionedThroughput KeySchema',
    'ExpectedAttributeValue': 'AttributeValueList ComparisonOperator Exists Value',
    'GlobalSecondaryIndexUpdate': 'Update Create Delete',
    'ProvisionedThroughput': 'WriteCapacityUnits ReadCapacityUnits',
    'WriteRequest': 'DeleteRequest PutRequest',
}

# The order in which the service lists the values of an enumeration.
ENUM_ORDER = {
    'ComparisonOperator': 'IN NULL BETWEEN LT NOT_CONTAINS EQ GT NOT_NULL NE LE BEGINS_WITH GE '
                          'CONTAINS',
    'ConditionalOperator': 'OR AND',
    'ProjectionType': 'ALL INCLUDE KEYS_ONLY',
    'ReturnValue': 'ALL_NEW UPDATED_OLD ALL_OLD NONE UPDATED_NEW',
    'ScalarAttributeType': 'B N S',
    'Select': 'SPECIFIC_ATTRIBUTES COUNT ALL_ATTRIBUTES ALL_PROJECTED_ATTRIBUTES',
}

# Limits that the service applies and its model does not state.
LIMITS = {'AttributeNameList': {'max': 255}}

# Patterns have a matcher each (shape_check.c); a new one in a model stops the generator.
PATTERNS = {
    '[a-zA-Z0-9_.-]+': 'NAME',
    '\\p{Print}+': 'PRINTABLE',
    '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*': 'TEXT',
    '^[^\\$]+$': 'NO_DOLLAR',
    '[,;:|\\t ]': 'DELIMITER',
    '[\\x20-\\x21\\x23-\\x2B\\x2D-\\x7E]*': 'CSV_HEADER',
    '([0-9a-f]{16})+': 'HEX_16',
    '^[a-z0-9A-Z]+[\\.\\-\\w]*[a-z0-9A-Z]+$': 'BUCKET',
    '[0-9]{12}': 'ACCOUNT',
}

# What is told before, and instead of, all other violations when it is missing or misfit.
FIRST = {('CreateTableInput', 'TableName'), ('DeleteTableInput', 'TableName'),
         ('DescribeTableInput', 'TableName'), ('DescribeTimeToLiveInput', 'TableName'),
         ('UpdateTableInput', 'TableName'), ('UpdateTimeToLiveInput', 'TableName'),
         ('TagResourceInput', 'ResourceArn'), ('UntagResourceInput', 'ResourceArn'),
         ('ListTagsOfResourceInput', 'ResourceArn')}

# Members that a table copied from another account takes from there, and any other must be given.
REQUIRED_UNLESS_COPY = {('CreateTableInput', 'AttributeDefinitions'),
                        ('CreateTableInput', 'KeySchema')}

# Members of one C type whose limits are narrower than that type's: a table and a local index have
# at most a partition key and a sort key, while a global index may have more of each; and what
# tells of a table's name first tells how short it may be, too.
NARROW = {('CreateTableInput', 'KeySchema'): 'KeySchemaOfTable',
          ('LocalSecondaryIndex', 'KeySchema'): 'KeySchemaOfTable',
          **{first: 'TableNameOrArn' for first in FIRST if first[1] == 'TableName'}}
NARROW_LIMITS = {'KeySchemaOfTable': {'max': 2}}

HEADER = '''\
/* Everything that the input of an operation may hold: one row a shape, one a member.
 * Written by tools/gen_shapes.py from the public service model; do not edit. Includers define the
 * rows they want; the others are empty, and all are undefined at the end.
 *
 *    OPERATION(service, name, input)
 *    STRUCT(name) MEMBER(struct, name, need, kind, shape)... END(name)    in the order of checks
 *    NARROW_MEMBER(struct, name, need, kind, type, shape)     a member whose limits are its own
 *    LIST(name, element kind, element shape, min, max)
 *    MAP(name, key shape, value kind, value shape, min, max)
 *    ITEM(name)                  a map of attribute values, VALUE(name) one of them
 *    STRING(name, min, max, pattern), TABLE_NAME the same or an ARN, ENUM(name, values)
 *    INTEGER(name, min, max) LONG DOUBLE TIMESTAMP BOOLEAN(name) */
'''
ROWS = {
    'OPERATION': 'service, name, input', 'STRUCT': 'name', 'END': 'name',
    'MEMBER': 'owner, name, need, kind, shape',
    'NARROW_MEMBER': 'owner, name, need, kind, type, shape',
    'LIST': 'name, kind, element, min, max', 'MAP': 'name, key, kind, element, min, max',
    'ITEM': 'name', 'VALUE': 'name', 'STRING': 'name, min, max, pattern',
    'TABLE_NAME': 'name, min, max, pattern', 'ENUM': 'name, values',
    'INTEGER': 'name, min, max', 'LONG': 'name, min, max', 'DOUBLE': 'name, min, max',
    'TIMESTAMP': 'name', 'BOOLEAN': 'name', 'PATTERN': 'name, text',
}


class Table:
    def __init__(self):
        self.shapes, self.operations, self.rows, self.done = {}, [], [], {}

    def load(self, model):
        service = 'STREAMS' if 'streams' in model['metadata']['endpointPrefix'] else 'DDB'
        for name in model['operations']:
            self.operations.append((service, name, model['operations'][name]['input']['shape']))
        for name in reach(model):
            shape = clean(model['shapes'][name])
            if self.shapes.setdefault(name, shape) != shape:
                sys.exit(f'gen_shapes: the models differ in {name}')

    def kind(self, name):
        shape = self.shapes[name]
        if name == 'AttributeValue':
            return 'VALUE'
        if shape['type'] == 'map' and shape['value'] == 'AttributeValue':
            return 'ITEM'
        if shape['type'] == 'structure':
            return 'STRUCT'
        return shape['type'].upper()

    def limits(self, name, as_name=None):
        shape = {**self.shapes[name], **LIMITS.get(name, {}), **NARROW_LIMITS.get(as_name, {})}
        low = 'NO_MIN' if 'min' not in shape else str(shape['min'])
        high = 'NO_MAX' if 'max' not in shape else str(shape['max'])
        return f'{low}, {high}'

    def emit(self, name, as_name=None):
        as_name = as_name or name
        if as_name in self.done:
            return
        self.done[as_name] = True
        shape, kind = self.shapes[name], self.kind(name)
        if kind == 'STRUCT':
            self.emit_struct(name, as_name)
        elif kind == 'LIST':
            element = shape['member']
            self.rows.append(f'LIST({as_name}, {self.kind(element)}, {element}, '
                             f'{self.limits(name, as_name)})')
            self.emit(element)
        elif kind == 'MAP':
            self.rows.append(f'MAP({name}, {shape["key"]}, {self.kind(shape["value"])}, '
                             f'{shape["value"]}, {self.limits(name)})')
            self.emit(shape['key'])
            self.emit(shape['value'])
        elif kind == 'STRING':
            self.emit_string(name, shape, as_name)
        elif kind in ('INTEGER', 'LONG', 'DOUBLE'):
            self.rows.append(f'{kind}({name}, {self.limits(name)})')
        elif kind in ('BOOLEAN', 'TIMESTAMP', 'ITEM', 'VALUE'):
            self.rows.append(f'{kind}({name})')
        else:
            sys.exit(f'gen_shapes: {name} is a {kind}, which no row describes')

    def emit_struct(self, name, as_name):
        members = self.shapes[name]['members']
        first = ORDER.get(as_name, '').split()
        unknown = [m for m in first if m not in members]
        if unknown:
            sys.exit(f'gen_shapes: {as_name} has no member {unknown[0]}')
        order = first + [m for m in members if m not in first]
        width = max([len(m) for m in order], default=0) + 1
        self.rows += ['', f'STRUCT({as_name})']
        for member in order:
            shape = members[member]
            need = self.need(name, as_name, member)
            row, types = 'MEMBER', shape
            if (as_name, member) in NARROW:
                row, types = 'NARROW_MEMBER', f'{shape}, {NARROW[as_name, member]}'
            self.rows.append(f'{row}({as_name}, {(member + ",").ljust(width)} {need + ",":<12} '
                             f'{self.kind(shape) + ",":<9} {types})')
        self.rows.append(f'END({as_name})')
        for member in order:
            self.emit(members[member])
            if (as_name, member) in NARROW:
                self.emit(members[member], NARROW[as_name, member])

    def need(self, name, as_name, member):
        if (as_name, member) in REQUIRED_UNLESS_COPY:
            return 'UNLESS_COPY'
        if member not in self.shapes[name]['required']:
            return 'OPTIONAL'
        return 'FIRST' if (as_name, member) in FIRST else 'REQUIRED'

    def emit_string(self, name, shape, as_name):
        if 'enum' in shape:
            values = ENUM_ORDER.get(name, ' '.join(shape['enum'])).split()
            if sorted(values) != sorted(shape['enum']):
                sys.exit(f'gen_shapes: the values of {name} have changed')
            self.rows.append(f'ENUM({name}, "{", ".join(values)}")')
        elif name == 'TableArn':
            # The model allows 1 to 1024 of anything, for ARNs. Names keep their longest and their
            # pattern; a table of one or two letters is one that is not found.
            limits = '1, 255' if as_name == name else self.limits('TableName')
            self.rows.append(f'TABLE_NAME({as_name}, {limits}, NAME)')
        else:
            pattern = shape.get('pattern')
            if pattern is not None and pattern not in PATTERNS:
                sys.exit(f'gen_shapes: {name} has a pattern without a matcher: {pattern}')
            matcher = PATTERNS[pattern] if pattern else 'ANYTHING'
            self.rows.append(f'STRING({name}, {self.limits(name)}, {matcher})')

    def text(self):
        self.rows = ['PATTERN(ANYTHING, "")']
        for pattern, name in PATTERNS.items():
            self.rows.append(f'PATTERN({name}, {c_string(pattern)})')
        self.rows.append('')
        self.operations.sort(key=lambda operation: operation[1])
        for service, name, _ in self.operations:
            self.rows.append(f'OPERATION({service}, {name}, {name}Input)')
        for _, name, shape in self.operations:
            self.emit(shape, name + 'Input')
        begin = ''.join(f'#ifndef {row}\n#define {row}({args})\n#endif\n'
                        for row, args in ROWS.items())
        begin = begin.replace('#define NARROW_MEMBER(owner, name, need, kind, type, shape)\n',
                              '#define NARROW_MEMBER(owner, name, need, kind, type, shape) '
                              'MEMBER(owner, name, need, kind, shape)\n')
        end = ''.join(f'#undef {row}\n' for row in ROWS)
        return HEADER + begin + '\n' + '\n'.join(self.rows) + '\n\n' + end


def reach(model):
    found, todo = [], [op['input']['shape'] for op in model['operations'].values()]
    while todo:
        name = todo.pop()
        if name not in found:
            found.append(name)
            if name != 'AttributeValue':
                todo += parts(clean(model['shapes'][name]))
    return found


def parts(shape):
    named = [shape[part] for part in ('member', 'key', 'value') if part in shape]
    return named + list(shape.get('members', {}).values())


def clean(shape):
    kept = {key: shape[key] for key in ('type', 'min', 'max', 'pattern', 'enum') if key in shape}
    for part in ('member', 'key', 'value'):
        if part in shape:
            kept[part] = shape[part]['shape']
    if shape['type'] == 'structure':
        kept['members'] = {name: member['shape'] for name, member in shape['members'].items()}
        kept['required'] = shape.get('required', [])
    return kept


def c_string(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def packaged_models():
    base = '/usr/lib/python3/dist-packages/botocore/data'
    found = [sorted(glob.glob(f'{base}/{name}/2012-08-10/service-2.json*'))
             for name in ('dynamodb', 'dynamodbstreams')]
    if not all(found):
        sys.exit('gen_shapes: name the model files, or install python3-botocore')
    return [files[0] for files in found]


def read_model(path):
    opener = gzip.open if path.endswith('.gz') else open
    with opener(path, 'rt', encoding='utf-8') as file:
        return json.load(file)


def main():
    arguments = sys.argv[1:]
    check = '--check' in arguments
    table = Table()
    for path in [a for a in arguments if not a.startswith('--')] or packaged_models():
        table.load(read_model(path))
    text = table.text()
    if check:
        with open(OUTPUT, encoding='utf-8') as file:
            same = file.read() == text
        print('shapes.def ' + ('is what the models say' if same else 'differs from the models'))
        return 0 if same else 1
    with open(OUTPUT, 'w', encoding='utf-8') as file:
        file.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
