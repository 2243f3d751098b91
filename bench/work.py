"""The kinds of work that are measured: their tables, their items, and their requests.

A kind is a name and a function of a random generator that makes one request: (operation, body). The
requests of a measurement are made before it, from a seed, so that every server gets the same.
"""
import bisect
import hashlib
import hmac
import json
import random
import time

PARTITIONS, SORTS = 1000, 10
FILLER = 'stator--' * 113
SCANNED_ITEMS, SCAN_SEGMENTS = 100000, 100
REGION, ACCESS_KEY, SECRET_KEY = 'us-east-1', 'AKIDBENCH', 'the secret of the benchmark'
KEY_ATTRIBUTES = {'pk': 'S', 'sk': 'N'}
INDEXES = 5


def table(name, attributes=None, **more):
    attributes = attributes or KEY_ATTRIBUTES
    return {'TableName': name, 'BillingMode': 'PAY_PER_REQUEST',
            'AttributeDefinitions': [{'AttributeName': n, 'AttributeType': t} for n, t in attributes.items()],
            'KeySchema': [{'AttributeName': 'pk', 'KeyType': 'HASH'}, {'AttributeName': 'sk', 'KeyType': 'RANGE'}], **more}


def index(number):
    return {'IndexName': f'index{number}', 'Projection': {'ProjectionType': 'KEYS_ONLY'},
            'KeySchema': [{'AttributeName': f'g{number}', 'KeyType': 'HASH'}, {'AttributeName': 'sk', 'KeyType': 'RANGE'}]}


# What the tables are called, and what is called after their creation.
TABLES = {
    'bench': table('bench'),
    'scanned': table('scanned'),
    'streamed': table('streamed', StreamSpecification={'StreamEnabled': True, 'StreamViewType': 'NEW_AND_OLD_IMAGES'}),
    'indexed': table('indexed', {**KEY_ATTRIBUTES, **{f'g{i}': 'S' for i in range(INDEXES)}},
                     GlobalSecondaryIndexes=[index(i) for i in range(INDEXES)]),
    'expiring': table('expiring'),
}
AFTERWARDS = {'expiring': ('UpdateTimeToLive', {'TableName': 'expiring', 'TimeToLiveSpecification':
                                                {'AttributeName': 'ends', 'Enabled': True}})}


def key(partition, sort):
    return {'pk': {'S': f'p{partition}'}, 'sk': {'N': str(sort)}}


def item(partition, sort, count):
    return {**key(partition, sort), 'count': {'N': str(count)}, 'data': {'S': FILLER}}


def items(name):
    """What a table is filled with."""
    if name == 'scanned':
        return ({**key(i, 0), 'data': {'S': 'stator--' * 10}} for i in range(SCANNED_ITEMS))
    if name == 'bench':
        return (item(p, s, 1) for p in range(PARTITIONS) for s in range(SORTS))
    return iter(())


# ---- requests ----

def any_key(rng):
    return key(rng.randrange(PARTITIONS), rng.randrange(SORTS))


def get_item(rng):
    return 'GetItem', {'TableName': 'bench', 'Key': any_key(rng)}


def put_item(rng, name='bench', more=None):
    return 'PutItem', {'TableName': name, 'Item': {**item(rng.randrange(PARTITIONS), rng.randrange(SORTS), rng.randrange(1, 10**6)),
                                                   **(more or {})}}


def update_item(rng, at=None):
    return 'UpdateItem', {
        'TableName': 'bench', 'Key': at or any_key(rng), 'UpdateExpression': 'SET #c = #c + :one',
        'ConditionExpression': 'attribute_exists(pk) AND #c < :most', 'ExpressionAttributeNames': {'#c': 'count'},
        'ExpressionAttributeValues': {':one': {'N': '1'}, ':most': {'N': '1000000000'}}}


def query(rng):
    return 'Query', {'TableName': 'bench', 'KeyConditionExpression': 'pk = :p',
                     'ExpressionAttributeValues': {':p': {'S': f'p{rng.randrange(PARTITIONS)}'}}}


def distinct(rng, count):
    """Keys side by side: distinct, of many partitions."""
    first, sort = rng.randrange(PARTITIONS - count), rng.randrange(SORTS)
    return [(first + i, sort) for i in range(count)]


def batch_get(rng):
    return 'BatchGetItem', {'RequestItems': {'bench': {'Keys': [key(*k) for k in distinct(rng, 25)]}}}


def batch_write(rng):
    count = rng.randrange(1, 10**6)
    return 'BatchWriteItem', {'RequestItems': {'bench': [{'PutRequest': {'Item': item(*k, count)}} for k in distinct(rng, 25)]}}


def transact_write(rng):
    count = rng.randrange(1, 10**6)  # another each time: the same item again would be no write
    return 'TransactWriteItems', {'TransactItems': [{'Put': {'TableName': 'bench', 'Item': item(*k, count)}} for k in distinct(rng, 2)]}


def scan(rng):
    return 'Scan', {'TableName': 'scanned', 'Segment': rng.randrange(SCAN_SEGMENTS), 'TotalSegments': SCAN_SEGMENTS}


def hot_key(rng):
    return update_item(rng, key(0, 0))


def put_indexed(rng):
    return put_item(rng, 'indexed', {f'g{i}': {'S': f'v{rng.randrange(1000)}'} for i in range(INDEXES)})


def put_expiring(rng):
    return put_item(rng, 'expiring', {'ends': {'N': str(int(time.time()) + rng.randrange(10**6, 2 * 10**6))}})


class Zipf:
    """Item numbers as YCSB draws them: a few are asked for most of the time (theta 0.99)."""
    sums = None

    @classmethod
    def key(cls, rng):
        if cls.sums is None:
            total, cls.sums = 0.0, []
            for rank in range(1, PARTITIONS * SORTS + 1):
                total += 1 / rank ** 0.99
                cls.sums.append(total)
        rank = bisect.bisect(cls.sums, rng.random() * cls.sums[-1])
        scattered = rank * 7919 % (PARTITIONS * SORTS)
        return key(scattered // SORTS, scattered % SORTS)


def ycsb(reads):
    def make(rng):
        at = Zipf.key(rng)
        return ('GetItem', {'TableName': 'bench', 'Key': at}) if rng.random() < reads else update_item(rng, at)
    return make


def ycsb_f(rng):
    """Half reads, half read-modify-writes: here an update that answers the item that it made."""
    operation, body = ycsb(0.5)(rng)
    return operation, {**body, 'ReturnValues': 'ALL_NEW'} if operation == 'UpdateItem' else body


KINDS = {
    'GetItem': get_item, 'PutItem': put_item, 'UpdateItem': update_item, 'Query': query, 'BatchGetItem': batch_get,
    'TransactWriteItems': transact_write, 'BatchWriteItem': batch_write, 'Scan': scan, 'hot key': hot_key,
    'YCSB A': ycsb(0.5), 'YCSB B': ycsb(0.95), 'YCSB C': ycsb(1.0), 'YCSB F': ycsb_f,
    'Put, plain': lambda rng: put_item(rng), 'Put, stream': lambda rng: put_item(rng, 'streamed'),
    'Put, 5 GSIs': put_indexed, 'Put, TTL': put_expiring,
}
REQUESTS = {'BatchWriteItem': 500}  # made for a measurement, if not 5,000: they are asked in turn, again and again
PEER_KINDS = list(KINDS)[:13]  # the others need what peers do not have, and are compared with each other


def needs(kind):
    """The operations that a server must have for a kind."""
    rng = random.Random(1)
    return {KINDS[kind](rng)[0] for _ in range(20)}


# ---- on the wire ----

def sha256(data):
    return hashlib.sha256(data).hexdigest()


def signing_key(day):
    made = ('AWS4' + SECRET_KEY).encode()
    for part in (day, REGION, 'dynamodb', 'aws4_request'):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    return made


def authorization(host, target, body, stamp, made_key):
    """As an SDK signs it; made_key None: of the same length, and false."""
    scope, names = f'{stamp[:8]}/{REGION}/dynamodb/aws4_request', 'host;x-amz-date;x-amz-target'
    signature = '0' * 64
    if made_key:
        canonical = f'POST\n/\n\nhost:{host}\nx-amz-date:{stamp}\nx-amz-target:{target}\n\n{names}\n{sha256(body)}'
        text = f'AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode())}'
        signature = hmac.new(made_key, text.encode(), hashlib.sha256).hexdigest()
    return f'AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}'


def http_request(port, operation, body, stamp, made_key):
    host, target = f'127.0.0.1:{port}', 'DynamoDB_20120810.' + operation
    text = json.dumps(body, separators=(',', ':')).encode()
    head = (f'POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: {target}\r\n'
            f'X-Amz-Date: {stamp}\r\nAuthorization: {authorization(host, target, text, stamp, made_key)}\r\n'
            f'Content-Length: {len(text)}\r\n\r\n')
    return head.encode() + text


def write_requests(path, kind, port, seed, signed=False):
    """A file of requests, each behind its length; both load generators read it."""
    rng = random.Random(f'{kind} {seed}')
    stamp = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
    made_key = signing_key(stamp[:8]) if signed else None
    count = REQUESTS.get(kind, 5000)
    with open(path, 'wb') as file:
        for _ in range(count):
            request = http_request(port, *KINDS[kind](rng), stamp, made_key)
            file.write(f'{len(request)}\n'.encode() + request)
