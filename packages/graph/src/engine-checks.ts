import { allocate, dtypes, type TypedArray } from "./dtype.js";
import { runProgram, type Destination, type Engine } from "./engine.js";
import { DTypeError, StargradError } from "./errors.js";
import { createLeaf, createNode, type Node } from "./node.js";
import { referenceEngine } from "./reference-engine.js";
import { HostStorage, unreadable, type Storage } from "./storage.js";

/** A check of the contract between an engine and its callers: of `prepare`, `run`, `Destination` and `Storage`. */
export interface EngineCheck {
  readonly name: string;
  /** Rejects with an error that says what the engine did and what was expected. */
  readonly run: (engine: Engine) => Promise<void>;
}

/**
 * The checks that apply to an engine. `conformanceCases` check what it computes; these check where it stores results, what it does
 * with storages of other engines, and what a failure leaves behind. The engine needs float32; without int32, no program fails, and
 * the checks of failures are left out.
 */
export function engineChecks({ capabilities }: Engine): EngineCheck[] {
  const canFail = capabilities.dtypes.includes("int32");
  return [
    ...always(),
    ...(canFail ? failing() : []),
    ...(canFail && !capabilities.synchronous ? late() : []),
    ...dtypes.filter((dtype) => !capabilities.dtypes.includes(dtype)).map(refusalOf),
  ];
}

const check = (name: string, run: EngineCheck["run"]): EngineCheck => ({ name, run });

const always = (): EngineCheck[] => [
  check("results in host memory keep their elements when the program runs again", async (engine) => {
    const program = engine.prepare([add(leafOf(host(1, 2)), leafOf(host(10, 20)))]);
    const on = (x: number) =>
      program.run(
        program.leaves.map(() => host(x, x)),
        ["host"],
      )[0];
    const results = [on(1), on(2)];
    for (const { location } of results)
      expectThat(location === "host", engine, `a "host" result is in ${location} memory`);
    await expectElements(engine, results[0], 2, 2);
    await expectElements(engine, results[1], 4, 4);
  }),
  check("a node that is requested several times gets a storage of its own each time", async (engine) => {
    const node = add(leafOf(host(1)), leafOf(host(1)));
    const [a, b, c] = runProgram(engine, [node, node, node], ["engine", "host", "engine"]);
    expectThat(a !== b && b !== c && a !== c, engine, "two outputs share a storage");
    runProgram(engine, [add(leafOf(a), leafOf(host(5)))], [a]);
    await expectElements(engine, c, 2);
    await expectElements(engine, b, 2);
  }),
  check("a leaf that is an output is copied", async (engine) => {
    const [x] = resident(engine, [1, 2]);
    const [copy] = runProgram(engine, [leafOf(x)], ["engine"]);
    expectThat(copy !== x || x.location === "host", engine, "the output is the storage of the leaf");
    overwrite(engine, x, 7, 8);
    await expectElements(engine, copy, 1, 2);
  }),
  check("a result over a storage of the engine is returned as the same object", async (engine) => {
    const [x] = resident(engine, [0, 0]);
    const [y] = overwrite(engine, x, 3, 4);
    expectThat(
      y === x || x.location === "host",
      engine,
      "another object was returned for its own destination",
    );
    await expectElements(engine, y, 3, 4);
  }),
  check("a result may overwrite an input that is read in another order", async (engine) => {
    const [x] = resident(engine, [1, 2, 4]);
    const flipped = createNode("flip", [leafOf(x)], { axes: [0] });
    await expectElements(engine, runProgram(engine, [add(flipped, leafOf(x))], [x])[0], 5, 4, 5);
  }),
  check("two results may exchange their storages", async (engine) => {
    const [x, y] = resident(engine, [1, 2], [3, 4]);
    const swapped = runProgram(
      engine,
      [add(leafOf(y), leafOf(host(0, 0))), add(leafOf(x), leafOf(host(0, 0)))],
      [x, y],
    );
    await expectElements(engine, swapped[0], 3, 4);
    await expectElements(engine, swapped[1], 1, 2);
  }),
  check("an input that is overwritten may also be a result", async (engine) => {
    const [x] = resident(engine, [1, 2]);
    const leaf = leafOf(x);
    const [before, after] = runProgram(engine, [leaf, add(leaf, leaf)], ["host", x]);
    await expectElements(engine, before, 1, 2);
    await expectElements(engine, after, 2, 4);
  }),
  check("a program may read results that have not arrived yet", async (engine) => {
    const [x] = resident(engine, [1, 2]);
    const [y] = runProgram(engine, [add(leafOf(x), leafOf(x))], ["host"]);
    const [z] = runProgram(engine, [add(leafOf(y), leafOf(x))], [x]);
    await expectElements(engine, z, 3, 6);
    await expectElements(engine, y, 2, 4);
  }),
  check("a destination of another engine is not touched, and a new storage is returned", async (engine) => {
    const foreign = new ForeignStorage([1, 2]);
    const [result] = runProgram(engine, [add(leafOf(foreign), leafOf(host(1, 1)))], [foreign]);
    expectThat(result !== foreign, engine, "the destination of another engine was returned");
    await expectElements(engine, result, 2, 3);
    await expectElements(engine, foreign, 1, 2);
  }),
  check(
    "elements of another engine that have not arrived are awaited, or refused with their own error",
    async (engine) => {
      const coming = new ForeignStorage([1, 2], false);
      const [x] = resident(engine, [5, 6]);
      const start = (): Storage => runProgram(engine, [add(leafOf(coming), leafOf(x))], [x])[0];
      if (engine.capabilities.synchronous) {
        expectThat(
          messageOf(start) === unreadable("foreign").message,
          engine,
          "the error of readSync was not thrown",
        );
        await expectElements(engine, x, 5, 6);
      } else {
        await expectElements(engine, start(), 6, 8);
      }
    },
  ),
  check(
    "a storage that has been disposed of cannot be read; programs started before still read it",
    async (engine) => {
      const [x, y] = resident(engine, [1, 2], [3, 4]);
      const [sum] = runProgram(engine, [add(leafOf(x), leafOf(y))], ["engine"]);
      if (x.location === "host") return;
      x.dispose?.();
      x.dispose?.();
      const [other] = resident(engine, [9, 9]);
      await expectElements(engine, sum, 4, 6);
      await expectElements(engine, other, 9, 9);
      expectThat((await rejectionOf(async () => x.read())) !== null, engine, "it was read after dispose");
    },
  ),
  check("a program runs again after its nodes have been materialized", async (engine) => {
    const x = leafOf(host(1, 2));
    const sum = add(x, x);
    const total = add(sum, x);
    const program = engine.prepare([total]);
    // A materialized node loses its operation.
    sum.materialize(host(0, 0));
    total.materialize(program.run([host(1, 2)], ["host"])[0]);
    await expectElements(engine, program.run([host(3, 4)], ["host"])[0], 9, 12);
  }),
  check("the size of a storage is that of an array of its element type", async (engine) => {
    const x = leafOf(host(1, 2, 3));
    const less = createNode("less", [x, x], {});
    const types = engine.capabilities.dtypes.includes("bool") ? [x, less] : [x];
    for (const storage of runProgram(
      engine,
      types,
      types.map(() => "host"),
    )) {
      const { byteLength } = storage;
      const bytes = (await storage.read()).byteLength;
      expectThat(byteLength === bytes, engine, `byteLength is ${byteLength}; the array has ${bytes} bytes`);
    }
  }),
];

const failing = (): EngineCheck[] => [
  check("a failed program throws the error of the reference engine, and changes nothing", async (engine) => {
    const [x, y] = resident(engine, [1, 2], [5, 6]);
    const start = (
      on: Engine,
      index: number,
      to: readonly Destination[],
      onFailure?: () => void,
    ): Storage[] => {
      const leaf = leafOf(x);
      const next = add(leaf, leaf);
      const program = on.prepare([next, add(next, leaf), picked(next, index)]);
      return program.run(
        program.leaves.map(({ storage }) => storage ?? host()),
        to,
        onFailure,
      );
    };
    const expected = messageOf(() => runProgram(referenceEngine, [picked(leafOf(host(1, 2)), 2)]));
    let calls = 0;
    const failed = await rejectionOf(async () => {
      const results = start(engine, 2, [x, y, "host"], () => calls++);
      return results[2].read();
    });
    expectThat(
      failed?.message === expected,
      engine,
      `the error is ${String(failed?.message)}; expected ${String(expected)}`,
    );
    expectThat(
      calls === (engine.capabilities.synchronous ? 0 : 1),
      engine,
      `onFailure was called ${calls} times`,
    );
    await expectElements(engine, x, 1, 2);
    await expectElements(engine, y, 5, 6);
    const [again, , good] = start(engine, 1, [x, y, "host"]);
    await expectElements(engine, good, 4, 2);
    await expectElements(engine, again, 2, 4);
  }),
];

const late = (): EngineCheck[] => [
  check(
    "a late failure fails all programs started since, last first, and spares earlier reads",
    async (engine) => {
      const [x] = resident(engine, [1, 2]);
      const undone: string[] = [];
      const start = (name: string, node: Node, to: Destination): Storage => {
        const program = engine.prepare([node]);
        const elements = program.leaves.map(({ storage }) => storage ?? host());
        return program.run(elements, [to], () => undone.push(name))[0];
      };
      const earlier = x.read();
      const bad = start("bad", picked(leafOf(x), 5), "host");
      const after = start("after", add(leafOf(x), leafOf(x)), x);
      const last = start("last", add(leafOf(after), leafOf(host(1, 1))), "host");
      const errors = [];
      for (const result of [bad, last]) errors.push(await rejectionOf(() => result.read()));
      expectThat(
        errors[0] !== null && errors[0] === errors[1],
        engine,
        "the reads do not reject with one error",
      );
      expectThat(undone.join() === "last,after,bad", engine, `onFailure was called for ${undone.join()}`);
      expectArray(engine, await earlier, [1, 2]);
      await expectElements(engine, x, 1, 2);
      await expectElements(engine, start("next", add(leafOf(x), leafOf(x)), x), 2, 4);
    },
  ),
];

function refusalOf(dtype: (typeof dtypes)[number]): EngineCheck {
  return check(`prepare refuses ${dtype} by name`, async (engine) => {
    const leaf = createLeaf([1], dtype, new HostStorage(allocate(dtype, 1)));
    for (const node of [
      createNode("cast", [leafOf(host(1))], { dtype }),
      createNode("cast", [leaf], { dtype: "float32" }),
    ]) {
      const error = await rejectionOf(() => engine.prepare([node]));
      const isRefusal = error instanceof DTypeError && error.message.includes(dtype);
      expectThat(isRefusal, engine, `got ${String(error)}; expected a DTypeError that names ${dtype}`);
    }
  });
}

/** A storage of an engine that the tested engine does not know. */
class ForeignStorage implements Storage {
  readonly location = "engine";
  readonly canReadSync: boolean;
  readonly #data: TypedArray;

  constructor(elements: readonly number[], canReadSync = true) {
    this.#data = Float32Array.from(elements);
    this.canReadSync = canReadSync;
  }

  get byteLength(): number {
    return this.#data.byteLength;
  }

  async read(): Promise<TypedArray> {
    // Several turns, so that the elements arrive after the program has been started.
    for (let i = 0; i < 5; i++) await Promise.resolve();
    return this.#data.slice();
  }

  readSync(): TypedArray {
    if (!this.canReadSync) throw unreadable("foreign");
    return this.#data.slice();
  }
}

function host(...elements: number[]): HostStorage {
  return new HostStorage(Float32Array.from(elements));
}

function leafOf(storage: Storage): Node {
  return createLeaf([storage.byteLength / 4], "float32", storage);
}

function add(a: Node, b: Node): Node {
  return createNode("add", [a, b], {});
}

/** The elements at the given index and at index 0. The program fails if the index is outside. */
function picked(x: Node, index: number): Node {
  const indices = createLeaf([2], "int32", new HostStorage(Int32Array.of(index, 0)));
  return createNode("gather", [x, indices], { axis: 0 });
}

/** Storages in the engine's memory. */
function resident(engine: Engine, ...rows: readonly (readonly number[])[]): Storage[] {
  const nodes = rows.map((row) => add(leafOf(host(...row)), leafOf(host(...row.map(() => 0)))));
  return runProgram(
    engine,
    nodes,
    rows.map(() => "engine"),
  );
}

function overwrite(engine: Engine, storage: Storage, ...elements: readonly number[]): Storage[] {
  return runProgram(
    engine,
    [add(leafOf(host(...elements)), leafOf(host(...elements.map(() => 0))))],
    [storage],
  );
}

async function expectElements(
  engine: Engine,
  storage: Storage,
  ...expected: readonly number[]
): Promise<void> {
  expectThat(storage.byteLength === 4 * expected.length, engine, `a result has ${storage.byteLength} bytes`);
  expectArray(engine, await storage.read(), expected);
}

function expectArray(engine: Engine, got: TypedArray, expected: readonly number[]): void {
  const isRight = got instanceof Float32Array && got.join() === expected.join();
  expectThat(
    isRight,
    engine,
    `got ${got.constructor.name} ${got.join()}; expected Float32Array ${expected.join()}`,
  );
}

function expectThat(holds: boolean, { name }: Engine, problem: string): void {
  if (!holds) throw new StargradError(`the engine ${name}`, problem);
}

/** The error with which a call throws or rejects; `null` without one. */
async function rejectionOf(f: () => unknown): Promise<Error | null> {
  try {
    await f();
    return null;
  } catch (error) {
    return error as Error;
  }
}

function messageOf(f: () => unknown): string | null {
  try {
    f();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
