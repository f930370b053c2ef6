type Forward = (this: object, ...inputs: never[]) => unknown;

/** Told of a call of a `forward`, which it carries out by calling `run`, and whose result it returns. */
export type ForwardReport = (owner: object, run: () => unknown) => unknown;

let watcher: ForwardReport | null = null;

/** The prototypes whose own `forward`, if they have one, reports its calls. */
const reporting = new WeakSet<object>();

/** Chooses who is told of the calls from here on, or nobody; returns who was told before. */
export function receiveReports(next: ForwardReport | null): ForwardReport | null {
  const previous = watcher;
  watcher = next;
  return previous;
}

/** Has the `forward` of a class, and of those it extends, report its calls from here on to whoever watches. */
export function reportForwardOf(prototype: object): void {
  for (let each: object | null = prototype; each !== null; each = Reflect.getPrototypeOf(each)) {
    if (reporting.has(each)) return;
    reporting.add(each);
    replaceForward(each);
  }
}

/** Has the own `forward` of an object report its calls, if it has one. Returns how to undo it. */
export function replaceForward(owner: object): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, "forward");
  if (typeof own?.value !== "function" || own.configurable !== true) return () => undefined;
  Object.defineProperty(owner, "forward", { ...own, value: reportingForward(own.value as Forward) });
  return () => {
    Object.defineProperty(owner, "forward", own);
  };
}

function reportingForward(forward: Forward): Forward {
  const reports = function (this: object, ...inputs: never[]): unknown {
    if (watcher === null) return forward.apply(this, inputs);
    return watcher(this, () => forward.apply(this, inputs));
  };
  // To whoever looks, it is the function that was written.
  for (const property of ["name", "length"] as const) {
    Object.defineProperty(reports, property, { value: forward[property], configurable: true });
  }
  return reports;
}
