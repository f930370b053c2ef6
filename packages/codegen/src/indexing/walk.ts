import { refine, type Digit, type Layout } from "@stargrad/compiler";
import type { Shape } from "@stargrad/graph";
import { i32, select, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import { piecesOf, type Share } from "../kernel-context.js";

/** An operand of a walk: the address of its element 0, and its layout. */
export interface WalkedOperand {
  readonly base: Expression<"i32">;
  readonly layout: Layout;
  /** Bytes per element. */
  readonly bytes: number;
}

/** The state of an operand while the loops run: a pointer to the current element, and its stride in bytes for each digit. */
interface Cursor {
  readonly pointer: Local<"i32">;
  readonly strides: readonly number[];
}

/** Walks several operands together over the elements of a shape, with nested loops in an order that the kernel chooses. */
export class Walk {
  /** The length and the axis of each digit, outermost first. */
  readonly digits: readonly { readonly length: number; readonly axis: number }[];
  readonly cursors: readonly Cursor[];
  readonly #body: FunctionBuilder;
  /** For digits of which only a part is walked: the length of that part. */
  readonly #counts = new Map<number, Local<"i32">>();

  /** Digits of axes in different groups are not merged. */
  constructor(
    body: FunctionBuilder,
    shape: Shape,
    terms: readonly WalkedOperand[],
    group?: (axis: number) => number,
  ) {
    const layouts = terms.map(({ layout }) => layout);
    const iteration = refine(shape, layouts, group);
    if (iteration === null) throw new Error("Walk got layouts that cannot be divided into common digits");
    this.#body = body;
    this.digits = iteration.lengths.map((length, digit) => ({ length, axis: iteration.axes[digit] }));
    this.cursors = terms.map(({ base, bytes }, i) => ({
      pointer: body.keep(base),
      strides: iteration.strides[i].map((stride) => stride * bytes),
    }));
  }

  /** The number of elements that are walked along a digit. */
  count(digit: number): Expression<"i32"> {
    return this.#counts.get(digit) ?? i32.const(this.digits[digit].length);
  }

  /**
   * Restricts the walk to a share of the work, then calls `write`. The longest of the given digits is divided among the shares; if
   * none is given, the first share does everything. A digit that is `row` is divided into whole cache lines.
   */
  divide(share: Share | null, digits: readonly number[], row: number | null, write: () => void): void {
    if (share === null) {
      write();
      return;
    }
    const longest = digits.reduce<number | null>(
      (best, digit) => (best === null || this.pieces(digit, row) > this.pieces(best, row) ? digit : best),
      null,
    );
    if (longest === null) {
      this.#body.if(i32.eqz(share.index), write);
      return;
    }
    const body = this.#body;
    const { from, to } = piecesOf(body, share, this.pieces(longest, row));
    const unit = i32.const(longest === row ? lineElements : 1);
    const border = (piece: Expression<"i32">): Local<"i32"> =>
      body.keep(smaller(body, i32.mul(piece, unit), this.digits[longest].length));
    const [start, end] = [border(from), border(to)];
    for (const { pointer, strides } of this.cursors) {
      if (strides[longest] !== 0) pointer.set(i32.add(pointer, i32.mul(start, i32.const(strides[longest]))));
    }
    this.#counts.set(longest, body.keep(i32.sub(end, start)));
    write();
  }

  /** The number of pieces into which a digit can be divided. */
  pieces(digit: number, row: number | null): number {
    return Math.ceil(this.digits[digit].length / (digit === row ? lineElements : 1));
  }

  /** Runs `inside` for every combination of the given digits, outermost first. All pointers are restored at the end. */
  nest(digits: readonly number[], inside: () => void): void {
    const [digit, ...inner] = digits;
    if (digits.length === 0) {
      inside();
      return;
    }
    this.#body.for({ to: this.count(digit) }, () => {
      this.nest(inner, inside);
      this.advance(digit, 1);
    });
    this.rewind(digit);
  }

  /**
   * Walks one digit in steps of the given sizes, largest first; the last size must be 1. `visit` processes that many elements from
   * the current pointers on. All pointers are restored at the end.
   */
  inSteps(digit: number, sizes: readonly number[], visit: (size: number) => void): void {
    const left = this.#body.keep(this.count(digit));
    for (const size of sizes.filter((size) => size <= this.digits[digit].length)) {
      this.#body.while(i32.greaterEqualSigned(left, i32.const(size)), () => {
        visit(size);
        this.advance(digit, size);
        left.set(i32.sub(left, i32.const(size)));
      });
    }
    this.rewind(digit);
  }

  /** Moves every pointer along a digit. */
  advance(digit: number, steps: number): void {
    for (const { pointer, strides } of this.cursors) {
      if (strides[digit] !== 0) pointer.set(i32.add(pointer, i32.const(strides[digit] * steps)));
    }
  }

  /** Moves every pointer back to the start of the digit. */
  rewind(digit: number): void {
    for (const { pointer, strides } of this.cursors) {
      if (strides[digit] === 0) continue;
      pointer.set(i32.sub(pointer, i32.mul(this.count(digit), i32.const(strides[digit]))));
    }
  }
}

/** The number of 4-byte elements in a cache line. */
const lineElements = 16;

/** The digits of an axis that has a single stride. */
export function axisOf(length: number, stride: number): Digit[] {
  return length === 1 ? [] : [{ length, stride }];
}

function smaller(body: FunctionBuilder, a: Expression<"i32">, b: number): Expression<"i32"> {
  const kept = body.keep(a);
  return select(kept, i32.const(b), i32.lessSigned(kept, i32.const(b)));
}
