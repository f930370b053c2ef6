import { createLeaf, createNode, HostStorage, runProgram } from "@stargrad/graph";
import { expect, it, vi } from "vitest";
import { collection } from "./collection.js";
import { WasmEngine } from "./wasm-engine.js";

it("frees the code of programs that have been evicted from the cache", async () => {
  const instances: WeakRef<WebAssembly.Instance>[] = [];
  const { Instance } = WebAssembly;
  vi.stubGlobal("WebAssembly", {
    ...Object.fromEntries(
      Object.getOwnPropertyNames(WebAssembly).map((name) => [
        name,
        Reflect.get(WebAssembly, name) as unknown,
      ]),
    ),
    Instance: function (...inputs: ConstructorParameters<typeof Instance>) {
      const instance = new Instance(...inputs);
      instances.push(new WeakRef(instance));
      return instance;
    },
  });
  try {
    const engine = new WasmEngine({ threads: 1, programMemory: 2 ** 18 });
    for (let size = 1; size <= 300; size++) {
      const x = createLeaf([size], "float32", new HostStorage(new Float32Array(size)));
      runProgram(engine, [createNode("tanh", [x], {})]);
    }
    await collection();
    await collection();
    const kept = instances.filter((instance) => instance.deref() !== undefined).length;
    expect(instances.length).toBeGreaterThan(300);
    expect(kept).toBeLessThan(2 * engine.memory().programs + 20);
    expect(kept).toBeLessThan(150);
  } finally {
    vi.unstubAllGlobals();
  }
});
