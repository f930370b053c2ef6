import { note } from "../note.js";
import { sizes, train } from "../training.js";

test("trains", async () => {
  const environment = typeof document === "undefined" ? "node" : "jsdom";
  // jest compiles modules to CommonJS unless it runs them as they are.
  const modules = typeof require === "undefined" ? "ES modules" : "compiled to CommonJS";
  const report = await train(sizes.large);
  note(`${environment}, ${modules}`, report);
  expect(report.last).toBeLessThan(report.first / 10);
});
