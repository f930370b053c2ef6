import { expect, it } from "vitest";
import { disposeSymbol } from "./disposal.js";

class Resource {
  disposed = 0;

  [disposeSymbol](): void {
    this.disposed++;
  }
}

it("is the method that `using` calls at the end of a block", () => {
  const resource = new Resource();
  {
    using used = resource;
    expect(used.disposed).toBe(0);
  }
  expect(resource.disposed).toBe(1);
});
