// Numbers from a seed: what a seed decides is the same at each run.

export function randomFrom(seed) {
  let state = (seed >>> 0) || 1;
  const below = (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
  below.chance = (percent) => below(100) < percent;
  below.of = (list) => list[below(list.length)];
  return below;
}
