import { createNode, type Node } from "@stargrad/graph";
import { describe, it } from "vitest";
import { agrees, throwsAlike } from "../../testing/agreement.js";
import { leaf } from "../../testing/arranged-nodes.js";

describe("pow", () => {
  const pow = (a: readonly number[], b: readonly number[]): Node =>
    createNode("pow", [leaf("int32", [a.length], a), leaf("int32", [b.length], b)], {});

  it("wraps around in int32", () => {
    const [bases, exponents] = [
      [0, 1, -1, 2, -3, 7, 2 ** 31 - 1, -(2 ** 31), 46341],
      [0, 1, 2, 3, 5, 31, 32, 33, 2 ** 31 - 1],
    ];
    agrees(
      pow(
        bases.flatMap((base) => exponents.map(() => base)),
        bases.flatMap(() => exponents),
      ),
    );
  });

  it("rejects a negative int32 exponent", () => {
    throwsAlike(pow([1, 2, 3, 4, 5], [0, 1, 2, 3, -2]));
    throwsAlike(pow([1, 2, 3, 4, 5], [0, -(2 ** 31), 2, 3, -2]));
  });
});
