import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

// The effects of threads on their process. Each test runs a separate program.

interface End {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program that can train with threads, with the given code. */
function runProgram(rest: string, before = ""): End {
  const code = `
    ${before}
    const { backward } = await import("@stargrad/autograd");
    const { Linear, mseLoss } = await import("@stargrad/nn");
    const { SGD } = await import("@stargrad/optim");
    const { ones, setEngine } = await import("@stargrad/tensor");
    const { WasmEngine } = await import("@stargrad/wasm");
    const threads = process.getBuiltinModule("node:worker_threads");
    let running = 0;
    threads.Worker = class extends threads.Worker {
      constructor(...given) {
        super(...given);
        running++;
        this.on("exit", () => running--);
      }
    };
    function train(steps, engine = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 })) {
      setEngine(engine);
      const model = new Linear(6, 4);
      const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
      let loss;
      for (let step = 0; step < steps; step++) {
        loss = mseLoss(model.forward(ones([5, 6])), ones([5, 4]));
        backward(loss);
        optimizer.step();
        optimizer.zeroGrad();
      }
      return loss.itemSync();
    }
    ${rest}`;
  const options = [
    "--conditions=source",
    "--import",
    "tsx",
    "--expose-gc",
    "--input-type=module",
    "-e",
    code,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, options, {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  return { status, output: stdout.trim(), errors: stderr };
}

it("lets a process end when it has nothing else to do", () => {
  const { status, output, errors } = runProgram(`train(5); console.log("threads", running);`);
  expect(errors).toBe("");
  expect({ status, output }).toEqual({ status: 0, output: "threads 2" });
});

it("lets a process end when it throws", () => {
  const { status, errors } = runProgram(`train(5); throw new Error("on purpose");`);
  expect(status).toBe(1);
  expect(errors).toContain("Error: on purpose");
});

it("lets a process end when it calls process.exit", () => {
  const { status, errors } = runProgram(`train(5); process.exit(7);`);
  expect({ status, errors }).toEqual({ status: 7, errors: "" });
});

it("ends the threads of an unreachable engine", () => {
  const { output, errors } = runProgram(`
    for (let i = 0; i < 3; i++) train(2);
    setEngine(new WasmEngine({ threads: 1 }));
    console.log(running);
    for (let i = 0; running > 0 && i < 500; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(running);
  `);
  expect(errors).toBe("");
  expect(output).toBe("6\n0");
});

it("works on one thread without SharedArrayBuffer, and warns once", () => {
  const { status, output, errors } = runProgram(
    `const default_ = new WasmEngine({ threads: 3, leastWork: 0 });
    console.log(default_.threads, train(30, default_) < 10, train(5) < 10, running);`,
    "delete globalThis.SharedArrayBuffer;",
  );
  expect({ status, output }).toEqual({ status: 0, output: "1 true true 0" });
  expect(errors.trim().split("\n")).toEqual([
    expect.stringMatching(/^Stargrad works on one thread: SharedArrayBuffer is missing/),
  ]);
});

it("continues on one thread, and warns once, when its threads cannot start", () => {
  const { status, output, errors } = runProgram(`
    threads.Worker = class extends threads.Worker {
      constructor(source, options) {
        super("throw new Error('no room')", options);
      }
    };
    const engine = new WasmEngine({ threads: 3, leastWork: 0 });
    const first = train(5, engine);
    console.log(await engine.startThreads(), train(5, engine) < 10);
  `);
  expect({ status, output }).toEqual({ status: 0, output: "1 true" });
  expect(errors.trim()).toBe(`Stargrad works on one thread: a thread ended with "Error: no room".`);
});

it("starts threads on request", () => {
  const { output, errors } = runProgram(`
    const engine = new WasmEngine({ threads: 3, leastWork: 0 });
    console.log(await engine.startThreads(), running);
  `);
  expect({ output, errors }).toEqual({ output: "3 2", errors: "" });
});
