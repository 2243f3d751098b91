// One kept connection that sends a request and reads its answer: as little as HTTP needs, for speed.
// Requests of one connection go one after the other, for not every server keeps their order.

import net from 'node:net';

const ANSWER_MS = 20000;
const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0';

export class NoAnswer extends Error {}

export class Connection {
  constructor(port) {
    this.port = port;
    this.socket = undefined;
  }

  open() {
    this.socket = net.connect(this.port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.parts = [];
    this.length = 0;
    this.socket.on('data', (data) => this.receive(data));
    const lost = (why) => this.settle(new NoAnswer(why));
    this.socket.on('error', (error) => lost(error.code ?? 'error'));
    this.socket.on('close', () => { this.socket = undefined; lost('closed without an answer'); });
  }

  settle(outcome) {
    const { waiting } = this;
    if (!waiting) return;
    this.waiting = undefined;
    clearTimeout(waiting.timer);
    if (outcome instanceof Error) waiting.reject(outcome);
    else waiting.resolve(outcome);
  }

  receive(data) {
    this.parts.push(data);
    this.length += data.length;
    if (this.need > this.length) return;
    const all = this.parts.length === 1 ? data : Buffer.concat(this.parts);
    this.parts = [all];
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = all.latin1Slice(0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -1);
    let body;
    if (length >= 0) {
      this.need = end + 4 + length;
      if (all.length < this.need) return;
      body = all.utf8Slice(end + 4, this.need);
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      if (all.latin1Slice(all.length - 5) !== '0\r\n\r\n') return;
      body = unchunked(all.subarray(end + 4));
    } else {
      body = '';
    }
    this.parts = [];
    this.length = 0;
    this.need = 0;
    this.settle({ status: Number(head.slice(9, 12)), body });
  }

  // { status, body } or NoAnswer.
  ask(operation, text) {
    return new Promise((resolve, reject) => {
      if (!this.socket) this.open();
      this.need = 0;
      const timer = setTimeout(() => { this.close(); reject(new NoAnswer(`no answer within ${ANSWER_MS / 1000} s`)); }, ANSWER_MS);
      this.waiting = { resolve, reject, timer };
      this.socket.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nContent-Type: application/x-amz-json-1.0\r\n` +
        `X-Amz-Target: DynamoDB_20120810.${operation}\r\nX-Amz-Date: 20250101T000000Z\r\nAuthorization: ${AUTHORIZATION}\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
    });
  }

  close() {
    this.waiting = undefined;
    this.socket?.destroy();
    this.socket = undefined;
  }
}

function unchunked(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = parseInt(bytes.latin1Slice(at, end), 16);
    if (!size) return Buffer.concat(parts).toString('utf8');
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}
