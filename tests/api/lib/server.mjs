// Starts and ends the server under test. What is started: STATOR_BIN, or build/stator of this tree.
// With --endpoint URL (on the command line of one test file) or STATOR_ENDPOINT nothing is started:
// the same tests then speak to whatever listens there.

import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

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

// The servers that run, each with the case that started it: case.mjs ends what a case that failed, or a file, leaves behind.
const running = new Set();
export const owner = new AsyncLocalStorage();
export function endServers(whose) {
  return Promise.all([...running].filter((server) => !whose || server.owner === whose).map((server) => server.kill()));
}
process.on('exit', () => { for (const { child } of running) child.kill('SIGKILL'); });

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
    const server = { child, pid: child.pid, endpoint: '', stdout: '', stderr: '', exit: null, owner: owner.getStore() };
    running.add(server);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`not ready after ${START_MS} ms: ${server.stdout}${server.stderr}`));
    }, START_MS);
    server.exit = new Promise((ended) => {
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        running.delete(server);
        reject(new Error(`ended (code ${code}, signal ${signal}) before it was ready: ${server.stderr}`));
        // One that nobody stopped: what it last said belongs to the failure.
        if (server.endpoint && !server.stopped) console.error(`the server ended (code ${code}, signal ${signal}): ${server.stderr}`);
        ended({ code, signal });
      });
    });
    child.on('error', (error) => {
      running.delete(server);
      reject(error);
    });
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
