import { createLeaf, createNode, HostStorage, runProgram, type Storage } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { mayReclaim, noteGivenBack, noteHeld, reclaim } from "./reclamation.js";
import { WasmEngine } from "./wasm-engine.js";

const mebibyte = 2 ** 20;

/** Whether the event loop comes round while something is awaited. */
async function takesTurn(wait: () => Promise<unknown>): Promise<boolean> {
  let turned = false;
  setTimeout(() => {
    turned = true;
  });
  await wait();
  return turned;
}

describe("a turn of the event loop", () => {
  it("is waited for once when much more is held than at the last", async () => {
    noteHeld(60 * mebibyte);
    expect(mayReclaim()).toBe(false);
    expect(await takesTurn(reclaim)).toBe(false);
    noteHeld(10 * mebibyte);
    expect(mayReclaim()).toBe(true);
    expect(await takesTurn(reclaim)).toBe(true);
    expect(mayReclaim()).toBe(false);
    expect(await takesTurn(reclaim)).toBe(false);
    noteGivenBack(70 * mebibyte);
  });

  it("counts from the least that has been held since", async () => {
    noteHeld(1000 * mebibyte);
    await reclaim();
    noteGivenBack(900 * mebibyte);
    noteHeld(60 * mebibyte);
    expect(mayReclaim()).toBe(false);
    noteHeld(10 * mebibyte);
    expect(mayReclaim()).toBe(true);
    noteGivenBack(170 * mebibyte);
    expect(mayReclaim()).toBe(false);
  });

  it("is one for all that wait at the same time", async () => {
    noteHeld(100 * mebibyte);
    await Promise.all([reclaim(), reclaim(), reclaim()]);
    expect(mayReclaim()).toBe(false);
    noteGivenBack(100 * mebibyte);
  });
});

describe("a result", () => {
  const engine = new WasmEngine({ threads: 1 });
  const result = (): Storage => {
    const leaf = createLeaf([2], "float32", new HostStorage(Float32Array.of(1, 2)));
    return runProgram(engine, [createNode("add", [leaf, leaf], {})])[0];
  };

  it("is there at once in a loop that changes what storages contain and not how many there are", async () => {
    expect(await takesTurn(() => result().read())).toBe(false);
  });

  it("waits before it is read while much may come back, and is there at once for who cannot wait", async () => {
    noteHeld(100 * mebibyte);
    const [one, other] = [result(), result()];
    expect([...one.readSync()]).toEqual([2, 4]);
    expect(await takesTurn(() => one.read())).toBe(true);
    expect(await takesTurn(() => other.read())).toBe(false);
    expect([...(await other.read())]).toEqual([2, 4]);
    noteGivenBack(100 * mebibyte);
  });
});
