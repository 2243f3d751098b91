// What a power cut leaves of a directory: a model of a disk, fed from the journal of shim/shim.c.
//
// Data. A file is what was saved by its last fsync, and the writes since. An fsync saves what was
// written before it began, once it has ended. At the cut each write that was not saved is kept,
// dropped, or torn: cut at a sector of 512 bytes, sometimes at any byte, or only some of its sectors
// are there. A dropped write may have made the file longer all the same; what is read there is zeros
// or old garbage. Of the pending writes of one file any subset may be there, a later one without an
// earlier one. What a failed fsync should have saved is never saved by a later one (the kernel has
// marked its pages clean); it may be there or not.
//
// Names. Creating, linking, renaming and unlinking are pending until the directory was synced; fsync
// of a file does not save its name. At the cut any subset of what is pending has happened, as long
// as the changes of one name happen in their order; a rename happens as a whole.
//
// That is what POSIX allows and more than Linux's file systems do. `ordered` is ext4 with
// data=ordered: changes of names are kept as a prefix of their order, and an fsync saves all names
// that were changed before it. `strict` is the default of all tests.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary } from '../../api/lib/server.mjs';

export const shim = path.join(path.dirname(binary), 'tests/crash/shim/libdisk.so');
export const hasShim = () => existsSync(shim);
const KIND = { CREATE: 1, WRITE: 2, TRUNCATE: 3, EXTEND: 4, SYNC_BEGIN: 5, SYNC_END: 6, SYNC_LOST: 7, RENAME: 8, LINK: 9, UNLINK: 10 };
const HEAD = 40;
const SECTOR = 512;
const RULES_AT = 32;
const RULE_SIZE = 40;
export const CALL = { READ: 1, WRITE: 2, SYNC: 4, OPEN: 8, RENAME: 16, UNLINK: 32 };
export const FILE = { LOG: 1, TABLE: 2, MANIFEST: 4, OTHER: 8, DIRECTORY: 16, ANY: 31 };
export const MODE = { FAIL: 0, SHORT: 1, PARTIAL: 2 };
export const ERRNO = { EINTR: 4, EIO: 5, ENOSPC: 28, EMFILE: 24 };

// ---- the control file (shim.h) ----

export class Control {
  constructor(file) {
    this.file = file;
    writeFileSync(file, Buffer.alloc(4096));
    this.fd = openSync(file, 'r+');
  }

  set(at, value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(this.fd, bytes, 0, 8, at);
  }

  get(at) {
    const bytes = Buffer.alloc(8);
    readSync(this.fd, bytes, 0, 8, at);
    return Number(bytes.readBigInt64LE());
  }

  set crashAt(records) { this.set(0, records); }
  get count() { return this.get(8); }
  set count(records) { this.set(8, records); }
  set syncUs(us) { this.set(16, us); }
  set clockMs(ms) { this.set(24, ms * 1000); }

  rule(number, { calls, files = FILE.ANY, error = 0, mode = MODE.FAIL, skip = 0, times = 1e15 }) {
    const bytes = Buffer.alloc(RULE_SIZE);
    [calls, files, error, mode].forEach((value, at) => bytes.writeUInt32LE(value, at * 4));
    [skip, times, 0].forEach((value, at) => bytes.writeBigUInt64LE(BigInt(value), 16 + at * 8));
    writeSync(this.fd, bytes, 0, RULE_SIZE, RULES_AT + number * RULE_SIZE);
  }

  clear(number) { this.rule(number, { calls: 0, times: 0 }); }
  hits(number) { return this.get(RULES_AT + number * RULE_SIZE + 32); }
  close() { closeSync(this.fd); }
}

// ---- the journal ----

export function* records(bytes) {
  for (let at = 0; at + HEAD <= bytes.length;) {
    const nameLen = bytes.readUInt32LE(at + 4);
    const len = Number(bytes.readBigUInt64LE(at + 32));
    const names = bytes.subarray(at + HEAD, at + HEAD + nameLen).toString().split('\0');
    yield { kind: bytes.readUInt32LE(at), number: Number(bytes.readBigUInt64LE(at + 8)), inode: Number(bytes.readBigUInt64LE(at + 16)),
      offset: Number(bytes.readBigUInt64LE(at + 24)), names, data: bytes.subarray(at + HEAD + nameLen, at + HEAD + nameLen + len) };
    at += HEAD + nameLen + len;
  }
}

// ---- files ----

class File {
  constructor(bytes = Buffer.alloc(0)) {
    this.bytes = bytes; // room included
    this.size = bytes.length;
    this.pending = [];
  }

  static grow(state, size) {
    if (state.bytes.length < size) {
      const more = Buffer.alloc(Math.max(size, state.bytes.length * 2));
      state.bytes.copy(more, 0, 0, state.size);
      state.bytes = more;
    }
    state.bytes.fill(0, Math.min(state.size, size), size);
  }

  // A change to a state {bytes, size}.
  static apply(state, { kind, offset, data }) {
    if (kind === KIND.WRITE) {
      const end = offset + data.length;
      if (end > state.size) { File.grow(state, end); state.size = end; }
      data.copy(state.bytes, offset);
    } else if (kind === KIND.TRUNCATE || offset > state.size) {
      File.grow(state, offset);
      state.size = offset;
    }
  }

  sync(begun, lost) {
    const rest = [];
    for (const change of this.pending) {
      if (change.number > begun || change.lost) rest.push(change);
      else if (lost) rest.push({ ...change, lost: true });
      else File.apply(this, change);
    }
    this.pending = rest;
  }

  // The bytes after a cut. How much of what is pending is there is chosen a file, then a write.
  cut(random, ordered) {
    const state = { bytes: Buffer.from(this.bytes.subarray(0, this.size)), size: this.size };
    const way = random.of(ordered ? ['all', 'none', 'prefix'] : ['all', 'none', 'prefix', 'any', 'any', 'any']);
    const prefix = random(this.pending.length + 1);
    this.pending.forEach((change, at) => {
      const kept = way === 'all' || (way === 'prefix' && at < prefix) || (way === 'any' && random.chance(45));
      const torn = !kept && change.kind === KIND.WRITE && ((way === 'prefix' && at === prefix) || (way === 'any' && random.chance(50)));
      if (kept) File.apply(state, change);
      else if (torn) tear(state, change, random, ordered);
      else if (!ordered && change.kind === KIND.WRITE && random.chance(30)) lengthen(state, change, random);
    });
    return state.bytes.subarray(0, state.size);
  }
}

function tear(state, change, random, ordered) {
  const { offset, data } = change;
  const sectors = Math.ceil((offset + data.length) / SECTOR) - Math.floor(offset / SECTOR);
  if (!ordered && random.chance(40)) { // some sectors of it
    lengthen(state, change, random);
    for (let sector = Math.floor(offset / SECTOR); sector * SECTOR < offset + data.length; sector++) {
      const from = Math.max(sector * SECTOR, offset);
      const to = Math.min((sector + 1) * SECTOR, offset + data.length);
      if (random.chance(50)) File.apply(state, { kind: KIND.WRITE, offset: from, data: data.subarray(from - offset, to - offset) });
    }
    return;
  }
  const at = random.chance(70) ? (Math.floor(offset / SECTOR) + random(sectors + 1)) * SECTOR - offset : random(data.length + 1);
  const kept = Math.min(Math.max(at, 0), data.length);
  if (kept > 0) File.apply(state, { kind: KIND.WRITE, offset, data: data.subarray(0, kept) });
}

// The size reached the disk, the bytes did not.
function lengthen(state, { offset, data }, random) {
  const end = offset + data.length;
  if (end <= state.size) return;
  const before = state.size;
  File.apply(state, { kind: KIND.EXTEND, offset: end });
  if (random.chance(30)) for (let at = before; at < end; at++) state.bytes[at] = random(256);
}

// ---- the directory ----

export class Disk {
  // What lies in the directory now is saved. A disk that `lies` says that it has saved, and has not.
  constructor(directory, lies = false) {
    this.directory = directory;
    this.lies = lies;
    this.inodes = new Map();
    this.names = new Map();
    this.pending = [];
    this.numbers = 0;
    for (const name of readdirSync(directory)) {
      const file = new File(readFileSync(path.join(directory, name)));
      this.inodes.set(statSync(path.join(directory, name)).ino, file);
      this.names.set(name, file);
    }
    this.live = new Map(this.names); // as the server sees it
  }

  play(journal, until = Infinity) {
    for (const record of records(journal)) {
      if (record.number > until) break;
      this.numbers = record.number;
      this.step(record);
    }
  }

  change(change) {
    Disk.rename(this.live, change);
    this.pending.push(change);
  }

  // On a map of names.
  static rename(names, { kind, names: [name, other], file }) {
    if (kind === KIND.UNLINK) names.delete(name);
    else if (kind === KIND.CREATE) names.set(name, file);
    else {
      names.set(other, file);
      if (kind === KIND.RENAME) names.delete(name);
    }
  }

  step(record) {
    const { kind, number, inode, names, offset } = record;
    const file = this.inodes.get(inode);
    switch (kind) {
      case KIND.CREATE:
        this.inodes.set(inode, new File());
        this.change({ kind, number, names, file: this.inodes.get(inode) });
        break;
      case KIND.RENAME:
      case KIND.LINK:
      case KIND.UNLINK:
        this.change({ kind, number, names, file: this.live.get(names[0]) ?? new File() });
        break;
      case KIND.SYNC_BEGIN:
        break;
      case KIND.SYNC_END:
      case KIND.SYNC_LOST:
        if (this.lies) break;
        if (inode !== 0) file?.sync(offset, kind === KIND.SYNC_LOST);
        else if (kind === KIND.SYNC_END) this.syncNames(offset);
        if (kind === KIND.SYNC_END) this.synced = offset; // of ext4's journal, which has one order
        break;
      default:
        file?.pending.push({ ...record });
    }
  }

  syncNames(begun) {
    for (const change of this.pending) if (change.number <= begun) Disk.rename(this.names, change);
    this.pending = this.pending.filter((change) => change.number > begun);
  }

  // {name: bytes} after a cut here.
  cut(random, ordered = false) {
    if (ordered) this.syncNames(this.synced ?? 0);
    const names = new Map(this.names);
    const way = random.of(ordered ? ['all', 'none', 'prefix'] : ['all', 'none', 'prefix', 'any', 'any']);
    const prefix = random(this.pending.length + 1);
    const undone = new Set();
    this.pending.forEach((change, at) => {
      const wanted = way === 'all' || (way === 'prefix' && at < prefix) || (way === 'any' && random.chance(50));
      if (wanted && !change.names.some((name) => undone.has(name))) Disk.rename(names, change);
      else change.names.forEach((name) => undone.add(name));
    });
    return new Map([...names].map(([name, file]) => [name, file.cut(random, ordered)]));
  }

  // Puts that in the place of the directory.
  write(contents) {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory);
    for (const [name, bytes] of contents) writeFileSync(path.join(this.directory, name), bytes);
  }
}

// The environment of a server on such a disk.
export function onDisk(control, directory, journal = undefined) {
  return { ...process.env, LD_PRELOAD: shim, STATOR_DISK_CONTROL: control.file, STATOR_DISK_DIRECTORY: directory,
    ...(journal ? { STATOR_DISK_JOURNAL: journal } : {}) };
}
