import { createLeaf, createNode, HostStorage, runProgram, type Storage } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { mayReclaim, noteGivenBack, noteHeld, reclaim } from "./reclamation.js";
import { WasmEngine } from "./wasm-engine.js";

const mebibyte = 2 ** 20;

/** Whether the event loop takes a turn while a promise is awaited. */
async function takesTurn(wait: () => Promise<unknown>): Promise<boolean> {
  let turned = false;
  setTimeout(() => {
    turned = true;
  });
  await wait();
  return turned;
}

describe("a turn of the event loop", () => {
  it("is awaited once when much more memory is held than at the last turn", async () => {
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

  it("is measured from the minimum of held memory since the last turn", async () => {
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

  it("is shared by all concurrent waits", async () => {
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

  it("is available at once in a loop that changes the contents of storages but not their number", async () => {
    expect(await takesTurn(() => result().read())).toBe(false);
  });

  it("waits before an asynchronous read while much memory may be freed, and is read at once by a synchronous read", async () => {
    noteHeld(100 * mebibyte);
    const [one, other] = [result(), result()];
    expect([...one.readSync()]).toEqual([2, 4]);
    expect(await takesTurn(() => one.read())).toBe(true);
    expect(await takesTurn(() => other.read())).toBe(false);
    expect([...(await other.read())]).toEqual([2, 4]);
    noteGivenBack(100 * mebibyte);
  });
});
