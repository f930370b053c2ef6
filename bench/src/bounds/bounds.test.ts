import { expect, it } from "vitest";
import { holdDroppedModels } from "./dropped-models.js";
import { passThroughShapes } from "./shapes.js";

it("counts the compilations of two passes over all shapes", async () => {
  const [first, second] = await passThroughShapes(3);
  expect(first.recorded).toBe(3);
  expect(first.modules).toBeGreaterThan(0);
  expect(second).toMatchObject({ recorded: 0, modules: 0 });
  expect(second.programs).toBe(first.programs);
});

it("reports the memory held after models were dropped", async () => {
  const { held, reserved } = await holdDroppedModels(2);
  expect(held).toBeGreaterThan(3);
  expect(reserved).toBeGreaterThanOrEqual(held);
});
