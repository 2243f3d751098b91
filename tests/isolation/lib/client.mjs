// One connection with one request at a time: as little as a request can be, so that many are under way at
// once. Only for a server that runs with --allow-unsigned.

import net from 'node:net';

export class Gone extends Error {} // no answer will come: the request may have happened

export class Connection {
  constructor(endpoint) {
    const { hostname, port } = new URL(endpoint);
    this.socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    this.received = Buffer.alloc(0);
    this.socket.on('data', (data) => { this.received = this.received.length ? Buffer.concat([this.received, data]) : data; this.take(); });
    const gone = () => { this.gone = true; this.waiting?.reject(new Gone('the connection is gone')); };
    this.socket.on('error', gone);
    this.socket.on('close', gone);
  }

  take() {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0 || !this.waiting) return;
    const head = this.received.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)[1]);
    if (this.received.length < end + 4 + length) return;
    const body = this.received.toString('utf8', end + 4, end + 4 + length);
    this.received = this.received.subarray(end + 4 + length);
    const { resolve } = this.waiting;
    this.waiting = undefined;
    resolve({ status: Number(head.slice(9, 12)), json: JSON.parse(body) });
  }

  // { status, json }
  send(operation, request) {
    if (this.gone) return Promise.reject(new Gone('the connection is gone'));
    const body = JSON.stringify(request);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(`POST / HTTP/1.1\r\nHost: stator\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.${operation}\r\n`
        + `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  async call(operation, request) {
    const { status, json } = await this.send(operation, request);
    if (status !== 200) throw new Error(`${operation}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  close() {
    this.socket.destroy();
  }
}
