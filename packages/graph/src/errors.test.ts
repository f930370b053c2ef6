import { describe, expect, it } from "vitest";

import { ArgumentError, DTypeError, IndexError, ShapeError, StargradError } from "./errors.js";

describe("StargradError", () => {
  it("has a message of the form: what was called, the problem, what to try", () => {
    const error = new ShapeError(
      "matmul",
      "[2, 3] × [2, 3]: inner axes 3 ≠ 2",
      "Did you mean b.transpose()?",
    );
    expect(error.message).toBe("matmul: [2, 3] × [2, 3]: inner axes 3 ≠ 2. Did you mean b.transpose()?");
    expect(error.called).toBe("matmul");
    expect(error.hint).toBe("Did you mean b.transpose()?");
  });

  it("omits a missing hint, and stores a cause", () => {
    const cause = new Error("disk full");
    const error = new StargradError("save", "could not write", undefined, { cause });
    expect(error.message).toBe("save: could not write");
    expect(error.hint).toBeUndefined();
    expect(error.cause).toBe(cause);
  });

  it.each([ShapeError, DTypeError, IndexError, ArgumentError])(
    "is what %o is, under its own name",
    (Kind) => {
      const error = new Kind("add", "no");
      expect(error).toBeInstanceOf(StargradError);
      expect(error.name).toBe(Kind.name);
      expect(String(error)).toBe(`${Kind.name}: add: no`);
    },
  );
});
