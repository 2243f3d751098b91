// Starts and ends the server under test. What is started: STATOR_BIN, or build/stator of this tree.
// With --endpoint URL (on the command line of one test file) or STATOR_ENDPOINT nothing is started:
// the same tests then speak to whatever listens there.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { startedByCase } from './case.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = path.resolve(process.env.STATOR_BIN || path.join(root, 'build/stator'));
// Slower by much, so cases that are about amounts ask for less.
export const sanitized = /build-(asan|tsan)/.test(binary);

export function givenEndpoint() {
  const at = process.argv.indexOf('--endpoint');
  const url = at > 0 ? process.argv[at + 1] : process.env.STATOR_ENDPOINT;
  return url ? url.replace(/\/$/, '') : undefined;
}

const READY = /^stator ready on (https?:\/\/\S+)$/m;
const START_MS = 60000; // of a machine that does much else
const STOP_MS = 60000;

// Milliseconds of the processor that a server took so far. What must not take long is held against these: they
// don't grow while others use the machine. 0 for a server that is not ours to look at.
export function cpuMs(server) {
  if (!server) return 0;
  const [user, system] = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

// Ends with the exit code and what was written; for starts that are meant to fail, and for tools.
export function runToEnd(args, { timeout = START_MS, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    child.stdout.on('data', (data) => { stdout += data; });
    child.stderr.on('data', (data) => { stderr += data; });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

// Starts `stator serve` on a free port and waits for the line that says it is ready.
export function startServer(args = ['--in-memory'], { env = process.env } = {}) {
  if (!existsSync(binary)) throw new Error(`${binary} is not there: build it, or name another with STATOR_BIN`);
  return new Promise((resolve, reject) => {
    const child = spawn(binary, ['serve', '--port', '0', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    startedByCase(child);
    const server = { child, pid: child.pid, endpoint: '', stdout: '', stderr: '', exit: null };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`not ready after ${START_MS} ms: ${server.stdout}${server.stderr}`));
    }, START_MS);
    server.exit = new Promise((ended) => {
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`ended (code ${code}, signal ${signal}) before it was ready: ${server.stderr}`));
        // One that nobody stopped: what it last said belongs to the failure.
        if (server.endpoint && !server.stopped) console.error(`the server ended (code ${code}, signal ${signal}): ${server.stderr}`);
        ended({ code, signal });
      });
    });
    child.on('error', reject);
    child.stderr.on('data', (data) => { server.stderr = (server.stderr + data).slice(-65536); });
    child.stdout.on('data', (data) => {
      server.stdout = (server.stdout + data).slice(-65536);
      const ready = READY.exec(server.stdout);
      if (!ready || server.endpoint) return;
      clearTimeout(timer);
      server.endpoint = ready[1];
      resolve(server);
    });
    // SIGTERM drains; a server that doesn't end by itself is a failure the caller sees in `signal`.
    server.stop = async () => {
      server.stopped = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const end = await server.exit;
      clearTimeout(late);
      return end;
    };
    server.kill = async () => {
      server.stopped = true;
      child.kill('SIGKILL');
      return server.exit;
    };
  });
}
