// Circles in a graph of imports `{ from, to }`.

/** The circles: strongly connected components of more than one file, and files that import themselves. */
export function circlesOf(imports) {
  const targets = targetsOf(imports);
  /** Tarjan's algorithm: the order in which files were visited, and the earliest visited file that each file leads back to. */
  const met = new Map();
  const back = new Map();
  const path = [];
  const circles = [];
  const visit = (file) => {
    met.set(file, met.size);
    back.set(file, met.get(file));
    path.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!met.has(target)) visit(target);
      if (path.includes(target)) back.set(file, Math.min(back.get(file), back.get(target)));
    }
    if (back.get(file) !== met.get(file)) return;
    const circle = path.splice(path.indexOf(file));
    if (circle.length > 1 || targets.get(file)?.includes(file)) circles.push(circle);
  };
  for (const file of targets.keys()) if (!met.has(file)) visit(file);
  return circles;
}

/** A shortest closed path of imports inside a circle. */
export function wayAround(circle, imports) {
  const inside = imports.filter(({ from, to }) => circle.includes(from) && circle.includes(to));
  const ways = circle.map((file) => shortestWay(file, inside));
  return ways.reduce((shortest, way) => (way.length < shortest.length ? way : shortest));
}

function shortestWay(file, imports) {
  const ways = imports.filter(({ from }) => from === file).map((each) => [each]);
  const reached = new Set();
  for (const way of ways) {
    const { to } = way.at(-1);
    if (to === file) return way;
    if (reached.has(to)) continue;
    reached.add(to);
    // Breadth-first search: the list grows during the iteration.
    ways.push(...imports.filter(({ from }) => from === to).map((each) => [...way, each]));
  }
  throw new Error(`${file} is in no circle`);
}

function targetsOf(imports) {
  const targets = new Map();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  return targets;
}
