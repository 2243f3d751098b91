// The clients that users have, each run as a program with a home directory of its own.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { identityServer, sessionOf } from '../../api/lib/identity.mjs';
import { binary, givenEndpoint } from '../../api/lib/server.mjs';

export const AWS = process.env.AWS_CLI ?? '/usr/bin/aws';
export const PYTHON = process.env.BOTO3_PYTHON ?? '/usr/bin/python3';
const ASK = fileURLToPath(new URL('ask.py', import.meta.url));
const CLOCK = path.join(path.dirname(binary), 'tests/clients/shim/libclock.so');
export const REGION = 'us-east-1';

// False, or why a test that needs the command can't run.
function missing(why, command, ...args) {
  if (givenEndpoint()) return 'the server is not ours to start';
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return false;
  } catch {
    return why;
  }
}
export const noBoto3 = () => missing('python3-boto3 is not installed', PYTHON, '-c', 'import boto3');
export const noAws = () => missing('awscli is not installed', AWS, '--version');
export const noServer = () => (givenEndpoint() ? 'the server is not ours to start' : false);
export const noClock = () => noServer() || (existsSync(CLOCK) ? false : `${path.basename(CLOCK)} is not built (it is not for sanitizers)`);

// The environment of a process whose clock is wrong.
export const withClock = (seconds, env = process.env) => ({ ...env, LD_PRELOAD: CLOCK, STATOR_CLOCK_OFFSET_S: String(seconds) });

const homes = [];
process.on('exit', () => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

// Clients older than `endpoint_url` in profiles (botocore 1.31) take an endpoint for the calls of their
// own, which AssumeRole of a profile is, from a model that lies in the home directory.
function writeModel(home, service, version, endpoint) {
  const folder = path.join(home, '.aws/models', service, version);
  const parameter = (builtIn, type, more = {}) => ({ builtIn, type, required: false, documentation: '', ...more });
  const rule = (url, ...conditions) => ({ conditions, type: 'endpoint', endpoint: { url, properties: {}, headers: {} } });
  const flag = (builtIn) => parameter(builtIn, 'Boolean', { required: true, default: false });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'endpoint-rule-set-1.json'), JSON.stringify({ version: '1.0', parameters: {
    Region: parameter('AWS::Region', 'String'), Endpoint: parameter('SDK::Endpoint', 'String'), UseDualStack: flag('AWS::UseDualStack'),
    UseFIPS: flag('AWS::UseFIPS'), UseGlobalEndpoint: flag('AWS::STS::UseGlobalEndpoint') },
  rules: [rule({ ref: 'Endpoint' }, { fn: 'isSet', argv: [{ ref: 'Endpoint' }] }), rule(endpoint)] }));
}

// A home with ~/.aws/config: { profile: { key: value } }. All profiles speak to the server.
export function makeHome(server, profiles) {
  const home = mkdtempSync(path.join(tmpdir(), 'stator-home-'));
  homes.push(home);
  writeModel(home, 'sts', '2011-06-15', server.endpoint);
  const text = Object.entries(profiles).map(([name, values]) => `[profile ${name}]\nregion = ${REGION}\nendpoint_url = ${server.endpoint}\n` +
    Object.entries(values).map(([key, value]) => `${key} = ${value}\n`).join(''));
  writeFileSync(path.join(home, '.aws/config'), text.join('\n'), { mode: 0o600 });
  return home;
}

export const keysIn = (who) => ({ aws_access_key_id: who.accessKeyId, aws_secret_access_key: who.secretAccessKey,
  ...(who.sessionToken ? { aws_session_token: who.sessionToken } : {}) });

// Nothing of whoever runs the tests: no profile, no keys, no endpoint.
function environment(home, more = {}) {
  const mine = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(mine), HOME: home, AWS_EC2_METADATA_DISABLED: 'true', AWS_DEFAULT_REGION: REGION, ...more };
}

function ran(command, args, env, input = '') {
  return new Promise((resolve) => {
    const child = execFile(command, args, { env, timeout: 120000, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
    child.stdin.end(input);
  });
}

// What boto3 answers to each ask ([service, operation, parameters, more]). `who`: keys, or a profile's name.
export async function boto3(server, home, who, asks, { clock } = {}) {
  const session = typeof who === 'string' ? { profile_name: who } : keysIn(who);
  const given = { endpoint: server.endpoint, region: REGION, session,
    asks: asks.map(([service, operation, parameters = {}, more = {}]) => ({ service, operation, parameters, ...more })) };
  const env = clock ? withClock(clock, environment(home)) : environment(home);
  const { code, stdout, stderr } = await ran(PYTHON, [ASK], env, JSON.stringify(given));
  if (code !== 0) throw new Error(`ask.py ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

// { code, value, stderr } of one command of the CLI.
export async function aws(server, home, who, ...args) {
  const profile = typeof who === 'string' ? ['--profile', who] : [];
  const env = environment(home, typeof who === 'string' ? {} : Object.fromEntries(Object.entries(keysIn(who)).map(([name, value]) =>
    [name.toUpperCase(), value])));
  const { code, stdout, stderr } = await ran(AWS, [...args, ...profile, '--endpoint-url', server.endpoint, '--output', 'json', '--debug'], env);
  // One line a request that was sent.
  const sent = stderr.split('\n').filter((line) => / - (?:MainThread - )?botocore\.endpoint - DEBUG - Sending http request: /.test(line)).length;
  return { code, value: code === 0 && stdout ? JSON.parse(stdout) : undefined, stderr, sent };
}

// A command that must succeed: what it answers.
export async function awsFine(...command) {
  const { code, value, stderr } = await aws(...command);
  assert.equal(code, 0, stderr.slice(-2000));
  return value;
}

// A command's end must be a failure in the service's words, and it must have asked once.
export function awsFailed({ code, stderr, sent }, name, operation, text) {
  assert.ok(code === 254 || code === 255, stderr.slice(-2000)); // the CLI's second version, and its first
  const said = new RegExp(`(?:^|: )An error occurred \\(${name}\\) when calling the ${operation} operation: (.*)$`, 'm').exec(stderr);
  assert.ok(said, stderr.slice(-2000));
  assert.match(said[1], text);
  assert.equal(sent, 1);
}

// A server and a session of one of its roles that ends two seconds later. A session lasts 15 minutes at
// least, so it is made while the server's clock is nearly as wrong as a signature's may be.
export async function serverWithEndingSession(prepare) {
  const data = mkdtempSync(path.join(tmpdir(), 'stator-ending-'));
  homes.push(data);
  const args = ['--data-dir', data];
  const late = await identityServer(args, { env: withClock(-895) });
  const { who, RoleArn } = await prepare(late);
  const session = sessionOf(await late.sts(who).assumeRole({ RoleArn, RoleSessionName: 'ending', DurationSeconds: 900 }));
  const own = sessionOf(await late.sts(who).getSessionToken({ DurationSeconds: 900 }));
  const made = Date.now();
  await late.stop();
  const server = await identityServer(args);
  return { server, session, own, ended: () => new Promise((done) => setTimeout(done, Math.max(0, made + 7000 - Date.now()))) };
}
