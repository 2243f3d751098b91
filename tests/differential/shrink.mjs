// The smallest sequence that still shows a difference: requests are taken away, then members of the
// requests that are left, then words of their expressions.

const MOST_RUNS = 400;

export async function shrunk(sequence, at, shows) {
  let best = { ...sequence, requests: sequence.requests.slice(0, at + 1) };
  let runs = 0;
  const better = async (candidate) => {
    if (runs++ >= MOST_RUNS || !(await shows(candidate))) return false;
    best = candidate;
    return true;
  };
  if (!(await shows(best))) return undefined;
  await better({ ...best, requests: best.requests.slice(-1) });
  for (let size = Math.max(1, best.requests.length >> 1); size >= 1 && best.requests.length > 1; size >>= 1)
    for (let from = best.requests.length - 1 - size; from >= 0; from -= size)
      await better({ ...best, requests: best.requests.toSpliced(from, size) });
  for (let which = best.requests.length - 1; which >= 0; which--) await smallerRequest(() => best, which, better);
  return best;
}

function holderOf(request, path) {
  return path.slice(0, -1).reduce((node, name) => node[name], request);
}

function paths(node, path = [], found = []) {
  if (node === null || typeof node !== 'object') return found;
  for (const name of Object.keys(node)) {
    found.push([...path, name]);
    paths(node[name], [...path, name], found);
  }
  return found;
}

async function smallerRequest(now, which, better) {
  const tried = new Set();
  for (let again = true; again;) {
    again = false;
    for (const path of paths(now().requests[which][1])) {
      const key = JSON.stringify(path);
      if (tried.has(key)) continue;
      tried.add(key);
      const candidate = structuredClone(now());
      const holder = holderOf(candidate.requests[which][1], path);
      const name = path.at(-1);
      if (Array.isArray(holder)) holder.splice(Number(name), 1);
      else delete holder[name];
      if (await better(candidate)) { again = true; break; }
    }
  }
  for (const path of paths(now().requests[which][1]).filter((one) => /Expression$/.test(one.at(-1)))) await fewerWords(now, which, path, better);
}

async function fewerWords(now, which, path, better) {
  for (let at = 0; ;) {
    const candidate = structuredClone(now());
    const holder = holderOf(candidate.requests[which][1], path);
    const words = String(holder[path.at(-1)]).split(' ');
    if (at >= words.length || words.length < 2) return;
    holder[path.at(-1)] = words.toSpliced(at, 1).join(' ');
    if (!(await better(candidate))) at++;
  }
}
