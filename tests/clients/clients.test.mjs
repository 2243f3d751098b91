// The examples, run end to end: three clients, one server, one output.

import { after, test } from '../api/lib/case.mjs';
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { givenEndpoint, root, startServer } from '../api/lib/server.mjs';

const run = promisify(execFile);
const server = givenEndpoint() ? undefined : await startServer();
const endpoint = givenEndpoint() ?? server.endpoint;
after(() => server?.stop());

const example = (name) => path.join(root, 'examples', name);
const items = readFileSync(example('game.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const open = items.filter((item) => item.open_since);
const words = (list, member) => list.map((item) => item[member]).join(' ');
const by = (member) => (left, right) => (left[member] < right[member] ? -1 : 1);

// What the examples must print, computed from the data alone.
const expected = [
  `level of ada1: ${items.find((item) => item.PK === 'USER#ada1').level}`,
  `players of m003: ${words(items.filter((item) => item.PK === 'MATCH#m003' && item.user).sort(by('user')), 'user')}`,
  `matches of ada1: ${words(items.filter((item) => item.user === 'ada1').sort(by('match')), 'match')}`,
  `open matches in Deep Forest: ${words(open.filter((item) => item.map === 'Deep Forest').sort(by('open_since')), 'match')}`,
  'm003 started: 2024-05-09T12:00',
  `open matches left: ${open.length - 1}`,
];

function works(command, ...args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const PYTHON = '/usr/bin/python3';
const AWS = process.env.AWS_CLI ?? '/usr/bin/aws';
const clients = [
  ['the AWS SDK for JavaScript', process.execPath, [example('game.mjs')], existsSync(path.join(root, 'tests/node_modules/@aws-sdk/lib-dynamodb')), 'npm install in tests/ first'],
  ['boto3', PYTHON, [example('game.py')], works(PYTHON, '-c', 'import boto3'), 'python3-boto3 is not installed'],
  ['the AWS CLI', example('game.sh'), [], works(AWS, '--version'), 'awscli is not installed'],
];
for (const [what, command, args, present, reason] of clients) {
  test(`the example for ${what} prints what the data say`, { skip: present ? false : reason, timeout: 120000 }, async () => {
    const { stdout } = await run(command, [...args, endpoint], { env: { ...process.env, AWS_CLI: AWS } });
    assert.deepEqual(stdout.split('\n').map((line) => line.trim()).filter(Boolean), expected);
  });
}

test('generate.py writes game.jsonl', { skip: existsSync(PYTHON) ? false : 'no python3' }, async () => {
  const { stdout } = await run(PYTHON, [example('generate.py')]);
  assert.equal(stdout, readFileSync(example('game.jsonl'), 'utf8'));
});
