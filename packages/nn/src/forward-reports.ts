import { ArgumentError } from "@stargrad/tensor";
import { shared } from "@stargrad/tensor/internal";

type Forward = (this: object, ...inputs: never[]) => unknown;

/** A module whose inputs are tensors: see TensorModule. */
interface TensorReader {
  parts?(): unknown;
  readInputs?(inputs: unknown[], count: number): void;
}

/** Called instead of a `forward`: calls `run`, which executes the `forward`, and returns its result. */
export type ForwardReport = (owner: object, run: () => unknown) => unknown;

const current = /* @__PURE__ */ shared("forwardReports", () => ({ watcher: null as ForwardReport | null }));

/** The prototypes that have been processed: their own `forward`, if any, reports its calls. */
const reporting = new WeakSet<object>();

/** Sets the function that receives all further calls, or null for none; returns the previous one. */
export function receiveReports(next: ForwardReport | null): ForwardReport | null {
  const previous = current.watcher;
  current.watcher = next;
  return previous;
}

/** Replaces the `forward` of a class and of its base classes by one that reports its calls to the current watcher. */
export function reportForwardOf(prototype: object): void {
  for (let each: object | null = prototype; each !== null; each = Reflect.getPrototypeOf(each)) {
    if (reporting.has(each)) return;
    reporting.add(each);
    replaceForward(each);
  }
}

/**
 * Replaces the own `forward` of an object, if it has one, by one that reports its calls, and that first reads its inputs if it is the
 * outermost `forward` of a class whose inputs are tensors. Returns a function that undoes it.
 */
export function replaceForward(owner: object): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, "forward");
  if (typeof own?.value !== "function" || own.configurable !== true) return () => undefined;
  const isOutermost = !("forward" in (Reflect.getPrototypeOf(owner) ?? {}));
  Object.defineProperty(owner, "forward", {
    ...own,
    value: reportingForward(own.value as Forward, isOutermost, owner),
  });
  return () => {
    Object.defineProperty(owner, "forward", own);
  };
}

function reportingForward(forward: Forward, isOutermost: boolean, owner: object): Forward {
  const reports = function (this: TensorReader, ...inputs: never[]): unknown {
    if (typeof (this as TensorReader | undefined)?.parts !== "function") throw noModule(owner);
    if (isOutermost) this.readInputs?.(inputs, forward.length);
    const { watcher } = current;
    if (watcher === null) return forward.apply(this, inputs);
    return watcher(this, () => forward.apply(this, inputs));
  };
  // The replacement keeps the name and the length of the original function.
  for (const property of ["name", "length"] as const) {
    Object.defineProperty(reports, property, { value: forward[property], configurable: true });
  }
  return reports;
}

/** The error of a method that was taken from its module: `const f = model.forward; f(x)`. */
function noModule({ constructor }: object): ArgumentError {
  return new ArgumentError(
    `${constructor.name}.forward`,
    "got no module as `this`",
    "Call model.forward(x), or pass (x) => model.forward(x)",
  );
}
