// Seeded choices. The same seed makes the same requests on every machine.

export class Random {
  constructor(seed) {
    this.state = (seed ^ 0x9e3779b9) >>> 0;
    for (let i = 0; i < 4; i++) this.next();
  }

  // mulberry32: 32 bits of state are enough for choices.
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit) {
    return Math.floor((this.next() / 0x100000000) * limit);
  }

  from(low, high) {
    return low + this.below(high - low + 1);
  }

  chance(probability) {
    return this.next() / 0x100000000 < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  // The first column holds weights.
  weighted(rows) {
    let at = this.below(rows.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of rows) {
      if (at < weight) return value;
      at -= weight;
    }
    return rows[0][1];
  }

  list(low, high, make) {
    return Array.from({ length: this.from(low, high) }, (_, at) => make(at));
  }

  shuffled(list) {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }
}
