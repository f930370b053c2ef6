import { referenceEngine, runProgram, type Node } from "@stargrad/graph";
import { expect } from "vitest";
import { ProgramCase } from "./program-case.js";

const shareCounts = [1, 2, 3, 7];

/** Expects the bits of the reference engine, from undivided kernels and for every number of shares. */
export function agrees(...outputs: Node[]): void {
  const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
  inEveryWay(outputs, (program, shares) => {
    program.forget();
    program.run(shares);
    expect(program.overrun()).toEqual([]);
    program.results().forEach((got, output) => {
      expect(got.length).toBe(expected[output].length);
      const wrong = got.findIndex((value, i) => !Object.is(value, expected[output][i]));
      if (wrong < 0) return;
      expect.fail(`${shares} shares: ${wrong} is ${got[wrong]}; expected ${expected[output][wrong]}`);
    });
  });
}

/** Expects the error of the reference engine. */
export function throwsAlike(output: Node): void {
  const expected = errorOf(() => runProgram(referenceEngine, [output]));
  inEveryWay([output], (program, shares) => {
    const run = (): void => {
      program.run(shares);
    };
    expect(errorOf(run)).toBe(expected);
  });
}

function inEveryWay(outputs: Node[], visit: (program: ProgramCase, shares: number) => void): void {
  visit(new ProgramCase(outputs, { divided: false }), 1);
  const divided = new ProgramCase(outputs, { divided: true });
  for (const shares of shareCounts) visit(divided, shares);
}

function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return expect.fail("no error was thrown");
}
