// A raw HTTP client: exact bytes out, exact bytes in. Two levels: `Wire` is a socket that sends what
// it is told and reads whole HTTP answers; `RawClient` sends operations over a few of them and checks
// x-amz-crc32 on every answer.

import net from 'node:net';
import tls from 'node:tls';
import assert from 'node:assert/strict';
import { crc32 } from './crc32.mjs';
import { sign } from './sign.mjs';

const ANSWER_MS = 30000;

export class ClosedError extends Error {}

export class Wire {
  constructor(endpoint) {
    const url = new URL(endpoint);
    this.host = url.host;
    const secure = url.protocol === 'https:';
    const options = { host: url.hostname, port: Number(url.port || (secure ? 443 : 80)), servername: url.hostname };
    this.socket = secure ? tls.connect(options) : net.connect(options);
    this.socket.setNoDelay(true);
    this.parts = []; // received and not yet taken; joined only when somebody looks
    this.length = 0;
    this.closed = false;
    this.wake = () => {};
    this.socket.on('data', (data) => {
      this.parts.push(data);
      this.length += data.length;
      this.wake();
    });
    const end = () => { this.closed = true; this.wake(); };
    this.socket.on('error', end);
    this.socket.on('end', end);
    this.socket.on('close', end);
  }

  get received() {
    if (this.parts.length !== 1) this.parts = [Buffer.concat(this.parts)];
    return this.parts[0];
  }

  set received(bytes) {
    this.parts = [bytes];
    this.length = bytes.length;
  }

  send(bytes) {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  end() {
    this.socket.destroy();
  }

  // Waits until `enough()` answers something, or the peer has closed, or time is up.
  async until(enough, timeout) {
    const limit = Date.now() + timeout;
    for (;;) {
      const result = enough();
      if (result !== undefined) return result;
      if (this.closed) throw new ClosedError('the connection was closed before a whole answer came');
      const rest = limit - Date.now();
      if (rest <= 0) throw new Error(`no whole answer within ${timeout} ms`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, rest);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  // Whether the peer closes the connection within that time.
  async closes(timeout = ANSWER_MS) {
    try {
      await this.until(() => undefined, timeout);
    } catch (error) {
      return error instanceof ClosedError;
    }
    return false;
  }

  async answer(timeout = ANSWER_MS) {
    const head = await this.until(() => {
      const end = this.received.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const text = this.received.subarray(0, end).toString('latin1');
      this.received = this.received.subarray(end + 4);
      return text;
    }, timeout);
    const [statusLine, ...lines] = head.split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    if (status === 100) return { status, headers, statusLine, body: Buffer.alloc(0) };
    const body = headers['transfer-encoding'] === 'chunked'
      ? await this.chunks(timeout)
      : await this.take(Number(headers['content-length'] || 0), timeout);
    return { status, headers, statusLine, body };
  }

  take(length, timeout) {
    return this.until(() => {
      if (this.length < length) return undefined;
      const bytes = this.received.subarray(0, length);
      this.received = this.received.subarray(length);
      return bytes;
    }, timeout);
  }

  async chunks(timeout) {
    const parts = [];
    for (;;) {
      const length = await this.until(() => {
        const end = this.received.indexOf('\r\n');
        if (end < 0) return undefined;
        const size = parseInt(this.received.subarray(0, end).toString('latin1'), 16);
        this.received = this.received.subarray(end + 2);
        return size;
      }, timeout);
      parts.push(await this.take(length, timeout));
      await this.take(2, timeout);
      if (length === 0) return Buffer.concat(parts);
    }
  }
}

// What a refused operation is told: `name` as SDKs see it, `type` as it was sent.
export class ApiError extends Error {
  constructor(answer) {
    const json = answer.json ?? {};
    super(json.message ?? json.Message ?? answer.body.toString('utf8'));
    this.type = json.__type ?? '';
    this.name = this.type.split('#').pop() || `HTTP ${answer.status}`;
    this.status = answer.status;
    this.answer = answer;
  }
}

export function checkCrc(answer) {
  const sent = answer.headers['x-amz-crc32'];
  assert.equal(sent, String(crc32(answer.body)), 'x-amz-crc32 is the CRC-32 of the body as sent');
}

export class RawClient {
  constructor(endpoint) {
    this.endpoint = endpoint;
    this.host = new URL(endpoint).host;
    this.idle = [];
  }

  // The bytes of one request. `operation` may be a whole target, of another service. `headers`
  // replaces or (with undefined) removes standard ones.
  request(operation, body, headers = {}) {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const target = operation.includes('.') ? operation : `DynamoDB_20120810.${operation}`;
    const all = {
      Host: this.host,
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': target,
      ...sign(this.host, target, bytes),
      'Content-Length': String(bytes.length),
      ...headers,
    };
    const lines = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
  }

  // Sends one operation; the whole answer, whatever its status.
  async send(operation, body, headers) {
    const bytes = this.request(operation, body, headers);
    for (;;) {
      const used = this.idle.pop();
      const wire = used ?? new Wire(this.endpoint);
      try {
        wire.send(bytes);
        const answer = await wire.answer();
        if (wire.closed || answer.headers.connection === 'close') wire.end();
        else this.idle.push(wire);
        return this.finish(answer);
      } catch (error) {
        wire.end();
        if (!(used && error instanceof ClosedError)) throw error; // an idle connection may have gone
      }
    }
  }

  finish(answer) {
    if (answer.headers['x-amz-crc32'] !== undefined || answer.status === 200) checkCrc(answer);
    if (/json/.test(answer.headers['content-type'] ?? '') && answer.body.length > 0) answer.json = JSON.parse(answer.body.toString('utf8'));
    return answer;
  }

  // Sends one operation; its result, or an ApiError.
  async call(operation, body, headers) {
    const answer = await this.send(operation, body, headers);
    if (answer.status !== 200) throw new ApiError(answer);
    return answer.json;
  }

  close() {
    for (const wire of this.idle.splice(0)) wire.end();
  }
}
