import { expect, test } from "vitest";
import { note } from "../note.js";
import { sizes, train } from "../training.js";

test("trains", async () => {
  const report = await train(sizes.large);
  note(process.env.SETTING, report);
  expect(report.last).toBeLessThan(report.first / 10);
});
