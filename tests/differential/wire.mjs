// One kept connection that many lanes share: what they ask in one turn of the event loop leaves as
// one write, and answers come back in the order of the requests. System calls cost more than
// servers do here, so there are few of them.

import net from 'node:net';

const ANSWER_MS = 30000;
const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=0';
const HEAD_END = Buffer.from('\r\n\r\n');

export class NoAnswer extends Error {}

const heads = new Map();

function headOf(operation) {
  let head = heads.get(operation);
  if (!head) {
    head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.${operation}\r\n` +
      `X-Amz-Date: 20250101T000000Z\r\nAuthorization: ${AUTHORIZATION}\r\nContent-Length: `;
    heads.set(operation, head);
  }
  return head;
}

export class Connection {
  constructor(port) {
    this.port = port;
    this.socket = undefined;
    this.waiting = []; // in the order of the requests; those before `first` have their answers
    this.first = 0;
    this.unsent = '';
    this.rest = undefined; // bytes of an answer that is not whole yet
    this.need = 0;
  }

  open() {
    const socket = net.connect(this.port, '127.0.0.1');
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data) => { if (this.socket === socket) this.receive(data); });
    const lost = (why) => { if (this.socket === socket) this.lose(why); };
    socket.on('error', (error) => lost(error.code ?? 'error'));
    socket.on('close', () => lost('closed without an answer'));
    this.watch = setInterval(() => {
      const oldest = this.waiting[this.first];
      if (oldest && Date.now() - oldest.since > ANSWER_MS) this.lose(`no answer within ${ANSWER_MS / 1000} s`);
    }, 1000);
  }

  // Whoever waits first is the one that got no answer; those behind it were not answered because of it.
  lose(why) {
    const waiting = this.waiting.slice(this.first);
    this.close();
    waiting.forEach((one, at) => one.reject(new NoAnswer(at === 0 ? why : `${why}, to one before it`)));
  }

  // For a connection that nobody waits on.
  close() {
    clearInterval(this.watch);
    this.socket?.destroy();
    this.socket = undefined;
    this.waiting = [];
    this.first = 0;
    this.unsent = '';
    this.rest = undefined;
    this.need = 0;
  }

  receive(data) {
    let bytes = data;
    if (this.rest) {
      this.rest.push(data);
      this.length += data.length;
      if (this.length < this.need) return;
      bytes = Buffer.concat(this.rest);
    }
    let at = 0;
    while (at < bytes.length) {
      const end = this.answer(bytes, at);
      if (end < 0) break;
      at = end;
    }
    const left = bytes.length - at;
    this.rest = left ? [at ? bytes.subarray(at) : bytes] : undefined;
    this.length = left;
    if (!left) this.need = 0;
  }

  // Settles the answer that begins at `at`, and says where the next one does; -1: it is not whole.
  answer(bytes, at) {
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) { this.need = 0; return -1; }
    const head = bytes.latin1Slice(at, end);
    const from = end + 4;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? -1);
    let until = from + length;
    let body = '';
    if (length >= 0) {
      this.need = until - at;
      if (until > bytes.length) return -1;
      body = bytes.utf8Slice(from, until);
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.need = 0;
      const parts = [];
      until = chunks(bytes, from, parts);
      if (until < 0) return -1;
      body = Buffer.concat(parts).toString('utf8');
    } else {
      until = from;
    }
    const one = this.waiting[this.first];
    this.waiting[this.first++] = undefined;
    if (this.first === this.waiting.length) { this.waiting = []; this.first = 0; }
    one?.resolve({ status: Number(head.slice(9, 12)), body });
    return until;
  }

  // { status, body } or NoAnswer.
  ask(operation, text) {
    return new Promise((resolve, reject) => {
      if (!this.socket) this.open();
      this.waiting.push({ resolve, reject, since: Date.now() });
      if (!this.unsent) setImmediate(() => this.send());
      this.unsent += `${headOf(operation)}${Buffer.byteLength(text)}\r\n\r\n${text}`;
    });
  }

  send() {
    if (!this.socket || !this.unsent) return;
    this.socket.write(this.unsent);
    this.unsent = '';
  }
}

// Gathers the chunks from `at` on and says where they end; -1: not all are there.
function chunks(bytes, start, parts) {
  for (let at = start; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return -1;
    const size = parseInt(bytes.latin1Slice(at, end), 16);
    const next = end + 4 + size;
    if (next > bytes.length) return -1;
    if (!size) return next;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
