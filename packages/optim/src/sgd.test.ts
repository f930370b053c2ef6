import { Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { SGD, type SGDOptions } from "./index.js";

describe("SGD", () => {
  it("has the gradient as its first velocity, whatever the dampening", () => {
    const parameter = new Parameter(tensor([1, 2]));
    const optimizer = new SGD([parameter], { momentum: 0.75, dampening: 0.5 });
    parameter.grad = tensor([4, -8]);
    optimizer.step();
    const velocity = () => optimizer.stateDict().get("groups.0.parameters.0.velocity")!.dataSync();
    expect(velocity()).toEqual(Float32Array.of(4, -8));
    parameter.grad = tensor([1, 1]);
    optimizer.step();
    expect(velocity()).toEqual(Float32Array.of(0.75 * 4 + 0.5, 0.75 * -8 + 0.5));
  });

  it("checks its options", () => {
    const make = (options: SGDOptions) => () => new SGD([new Parameter(tensor([1]))], options);
    expect(make({ learningRate: -0.1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got learningRate -0.1; expected a finite number of at least 0]`,
    );
    expect(make({ learningRate: Infinity })).toThrow("got learningRate Infinity");
    expect(make({ momentum: -1 })).toThrow("got momentum -1");
    expect(make({ weightDecay: -1 })).toThrow("got weightDecay -1");
    expect(make({ dampening: NaN })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got dampening NaN; expected a finite number]`,
    );
    expect(make({ nesterov: true })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: SGD: got nesterov with momentum 0 and dampening 0; expected a momentum above 0 and no dampening]`,
    );
    expect(make({ nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow("no dampening");
  });
});
