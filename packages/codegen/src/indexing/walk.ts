import { refine, type Digit, type Layout } from "@stargrad/compiler";
import type { Shape } from "@stargrad/graph";
import { i32, select, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import { piecesOf, type Share } from "../kernel-context.js";

/** Something that is walked: where its element 0 stands, and how far apart elements are. */
export interface Term {
  readonly base: Expression<"i32">;
  readonly layout: Layout;
  /** Bytes per element. */
  readonly bytes: number;
}

/** A term while loops run: a pointer to the current element, and its stride in bytes for each digit. */
interface Walker {
  readonly pointer: Local<"i32">;
  readonly strides: readonly number[];
}

/** Walks several terms together over the elements of a shape: nested loops whose order the kernel chooses. */
export class Walk {
  /** Length and axis of each digit, outermost first. */
  readonly digits: readonly { readonly length: number; readonly axis: number }[];
  readonly walkers: readonly Walker[];
  readonly #body: FunctionBuilder;
  /** Part of a digit, if only that is walked. */
  readonly #counts = new Map<number, Local<"i32">>();

  /** Digits of axes in different groups are kept apart. */
  constructor(body: FunctionBuilder, shape: Shape, terms: readonly Term[], group?: (axis: number) => number) {
    const layouts = terms.map(({ layout }) => layout);
    const iteration = refine(shape, layouts, group);
    if (iteration === null) throw new Error("the layouts of one kernel have no common digits");
    this.#body = body;
    this.digits = iteration.lengths.map((length, digit) => ({ length, axis: iteration.axes[digit] }));
    this.walkers = terms.map(({ base, bytes }, i) => ({
      pointer: body.keep(base),
      strides: iteration.strides[i].map((stride) => stride * bytes),
    }));
  }

  /** How many elements of a digit are walked. */
  count(digit: number): Expression<"i32"> {
    return this.#counts.get(digit) ?? i32.const(this.digits[digit].length);
  }

  /**
   * Leaves all but a share of the work to others, and writes the work: the longest of the given digits is divided, or, if there is
   * none, the first share does everything. A `row` is divided into whole cache lines.
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
    for (const { pointer, strides } of this.walkers) {
      if (strides[longest] !== 0) pointer.set(i32.add(pointer, i32.mul(start, i32.const(strides[longest]))));
    }
    this.#counts.set(longest, body.keep(i32.sub(end, start)));
    write();
  }

  /** Into how many pieces a digit can be divided. */
  pieces(digit: number, row: number | null): number {
    return Math.ceil(this.digits[digit].length / (digit === row ? lineElements : 1));
  }

  /** Runs `inside` for every combination of the given digits, outermost first. Pointers end where they began. */
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
   * Walks one digit in steps of the given sizes, largest first; the last must be 1. `visit` works on that many elements from where
   * the pointers stand. Pointers end where they began.
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
    for (const { pointer, strides } of this.walkers) {
      if (strides[digit] !== 0) pointer.set(i32.add(pointer, i32.const(strides[digit] * steps)));
    }
  }

  /** Moves every pointer back to where the digit began. */
  rewind(digit: number): void {
    for (const { pointer, strides } of this.walkers) {
      if (strides[digit] === 0) continue;
      pointer.set(i32.sub(pointer, i32.mul(this.count(digit), i32.const(strides[digit]))));
    }
  }
}

/** Elements of 4 bytes in a cache line. */
const lineElements = 16;

/** An axis that is walked with one stride. */
export function axisOf(length: number, stride: number): Digit[] {
  return length === 1 ? [] : [{ length, stride }];
}

function smaller(body: FunctionBuilder, a: Expression<"i32">, b: number): Expression<"i32"> {
  const kept = body.keep(a);
  return select(kept, i32.const(b), i32.lessSigned(kept, i32.const(b)));
}
