import { expect, it } from "vitest";

import { startEarly, startOrTake } from "./early.js";

/** A way to start workers, and those that it has started. */
function starter() {
  const started: Worker[] = [];
  const start = (): Worker => {
    const worker = { onerror: null } as unknown as Worker;
    started.push(worker);
    return worker;
  };
  return { start, started };
}

it("takes a worker that was started early once, and then starts new ones", () => {
  const { start, started } = starter();
  startEarly(start);
  expect(startOrTake(start)).toBe(started[0]);
  expect(startOrTake(start)).toBe(started[1]);
});

it("takes no worker of another lesson", () => {
  const [star, other] = [starter(), starter()];
  startEarly(star.start);
  expect(startOrTake(other.start)).toBe(other.started[0]);
  expect(startOrTake(star.start)).toBe(star.started[0]);
});

it("starts a new one if the early one failed before it was taken", () => {
  const { start, started } = starter();
  startEarly(start);
  let isPrevented = false;
  const event = { preventDefault: () => (isPrevented = true) } as unknown as ErrorEvent;
  started[0].onerror?.call(started[0], event);
  expect(isPrevented).toBe(true);
  expect(startOrTake(start)).toBe(started[1]);
});
