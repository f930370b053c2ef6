import { describe, expect, it } from "vitest";
import type { TypedArray } from "./dtype.js";
import { elementsOf, type Engine } from "./engine.js";
import { engineChecks } from "./engine-checks.js";
import type { Node } from "./node.js";
import { referenceEngine } from "./reference-engine.js";
import { HostStorage, type Storage } from "./storage.js";

const passes = async (engine: Engine) => {
  for (const { run } of engineChecks(engine)) await run(engine);
};

it.each(engineChecks(referenceEngine))("the reference engine: $name", async ({ run }) => {
  await expect(run(referenceEngine)).resolves.toBeUndefined();
});

/** Elements in the memory of an engine. */
class Cell implements Storage {
  readonly location = "engine";
  readonly canReadSync = true;
  data: TypedArray | null;

  constructor(data: TypedArray) {
    this.data = data;
  }

  get byteLength(): number {
    return this.data?.byteLength ?? 0;
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this).then((cell) => cell.readSync());
  }

  readSync(): TypedArray {
    if (this.data === null) throw new Error("it has been disposed of");
    return this.data.slice();
  }

  dispose(): void {
    this.data = null;
  }
}

type Fault =
  | "reuses host memory"
  | "shares storages"
  | "returns leaves"
  | "makes new handles"
  | "clears destinations first"
  | "stores results one by one"
  | "returns foreign destinations"
  | "invents elements that have not arrived"
  | "ignores dispose"
  | "keeps nodes instead of operations"
  | "returns before it has computed"
  | "counts four bytes for a bool"
  | "refuses without a name";

/** An engine with memory of its own that computes with the reference engine, and possibly a fault. */
function memoryEngine(fault?: Fault, dtypes = referenceEngine.capabilities.dtypes): Engine {
  const compute = (outputs: readonly Node[], leaves: readonly Node[], elements: readonly Storage[]) => {
    const given = elements.map((storage) => {
      const isInvented = fault === "invents elements that have not arrived" && !storage.canReadSync;
      return isInvented ? new HostStorage(new Float32Array(storage.byteLength / 4)) : storage;
    });
    const program = referenceEngine.prepare(outputs);
    const known = program.leaves.map((leaf) => given[leaves.indexOf(leaf)] ?? elementsOf(leaf));
    return program.run(known, []).map((storage) => storage.readSync().slice());
  };
  return {
    name: "memory",
    capabilities: { dtypes, synchronous: true },
    prepare(outputs) {
      if (fault === "refuses without a name") throw new Error("no");
      const program = referenceEngine.prepare(outputs);
      const { leaves } = program;
      const kept = outputs.map((): TypedArray | undefined => undefined);
      return {
        leaves,
        run(elements, destinations) {
          const store = (data: TypedArray, i: number): Storage => {
            const to = destinations[i];
            if (fault === "shares storages" && i > 0 && outputs[i] === outputs[0]) return stored[0];
            if (fault === "returns leaves" && leaves.includes(outputs[i]))
              return elements[leaves.indexOf(outputs[i])];
            if (fault === "returns foreign destinations" && typeof to === "object" && !(to instanceof Cell))
              return to;
            if (fault === "returns before it has computed") data = data.map(() => 0);
            if (to === "host") {
              if (fault === "reuses host memory") {
                kept[i] ??= data;
                kept[i].set(data);
                data = kept[i];
              }
              const stored = new HostStorage(data);
              if (fault === "counts four bytes for a bool" && data instanceof Uint8Array) {
                Object.defineProperty(stored, "byteLength", { value: 4 * data.length });
              }
              return stored;
            }
            if (!(to instanceof Cell)) {
              const cell = new Cell(data);
              if (fault === "ignores dispose") cell.dispose = () => undefined;
              return cell;
            }
            to.data = data;
            return fault === "makes new handles" ? new Cell(data) : to;
          };
          const stored: Storage[] = [];
          if (fault === "clears destinations first") {
            for (const to of destinations) if (to instanceof Cell) to.data?.fill(0);
          }
          if (fault === "stores results one by one") {
            for (let i = outputs.length - 1; i >= 0; i--)
              stored[i] = store(compute([outputs[i]], leaves, elements)[0], i);
            return stored;
          }
          const isLazy =
            fault === "keeps nodes instead of operations" || fault?.startsWith("invents") === true;
          const computed = isLazy
            ? compute(outputs, leaves, elements)
            : program.run(elements, []).map((storage) => storage.readSync().slice());
          for (const [i, data] of computed.entries()) stored.push(store(data, i));
          return stored;
        },
      };
    },
  };
}

describe("an engine with memory of its own", () => {
  it("passes every check", async () => {
    await passes(memoryEngine());
  });

  const found: readonly (readonly [Fault, string])[] = [
    ["reuses host memory", "results in host memory"],
    ["shares storages", "requested several times"],
    ["returns leaves", "a leaf that is an output"],
    ["makes new handles", "as the same object"],
    ["clears destinations first", "read in another order"],
    ["clears destinations first", "a failed program"],
    ["stores results one by one", "exchange their storages"],
    ["stores results one by one", "may also be a result"],
    ["returns before it has computed", "have not arrived yet"],
    ["returns foreign destinations", "a destination of another engine"],
    ["invents elements that have not arrived", "elements of another engine"],
    ["ignores dispose", "has been disposed of"],
    ["keeps nodes instead of operations", "after its nodes"],
    ["counts four bytes for a bool", "the size of a storage"],
  ];

  it.each(found)("that %s fails: %s", async (fault, name) => {
    const engine = memoryEngine(fault);
    const [{ run }, ...others] = engineChecks(engine).filter((each) => each.name.includes(name));
    expect(others).toEqual([]);
    await expect(run(engine)).rejects.toThrow();
  });

  it("that refuses an element type without naming it fails, and one that computes it", async () => {
    for (const fault of ["refuses without a name", undefined] as const) {
      const engine = memoryEngine(fault, ["bool", "int32", "float32"]);
      const refusal = engineChecks(engine).find(({ name }) => name === "prepare refuses float64 by name");
      await expect(refusal?.run(engine)).rejects.toThrow("expected a DTypeError that names float64");
    }
  });

  it("has a fault for each check that applies to it", () => {
    const names = engineChecks(memoryEngine()).map(({ name }) => name);
    expect(names.filter((name) => !found.some(([, part]) => name.includes(part)))).toEqual([]);
  });
});
