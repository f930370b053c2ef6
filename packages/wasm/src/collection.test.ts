import { expect, it } from "vitest";
import { collection, whenCollected } from "./collection.js";

it("resolves after all callbacks for unreachable objects have run", async () => {
  let heard = 0;
  const drop = (): void => {
    for (let i = 0; i < 100; i++) whenCollected({ i }, () => heard++);
  };
  for (let time = 1; time <= 3; time++) {
    drop();
    await collection();
    expect(heard).toBe(100 * time);
  }
});

it("leaves no new property on the global object", async () => {
  const { gc } = globalThis;
  await collection();
  expect(globalThis.gc).toBe(gc);
});
