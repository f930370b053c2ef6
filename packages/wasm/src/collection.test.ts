import { expect, it } from "vitest";
import { collection, whenCollected } from "./collection.js";

it("has resolved when all is done about what nobody has", async () => {
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

it("leaves no trace in the globals", async () => {
  const { gc } = globalThis;
  await collection();
  expect(globalThis.gc).toBe(gc);
});
