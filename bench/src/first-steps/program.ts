import { readFileSync } from "node:fs";
import { backward, Parameter } from "@stargrad/autograd";
import type { Module } from "@stargrad/nn";
import { concat, Generator, realize, setEngine, stack, type Tensor } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { modelOf } from "../model.js";
import { plainStep, recordedStep, trainingOf } from "../training.js";
import type { Answer, FirstStepTask, Question } from "./first-step.js";
import { givenInput, givenState } from "./given-numbers.js";

// A separate program: reads its input from stdin, runs a first step, and prints the output. `measure-first-steps.ts` bundles and
// runs it.

const { task, threads, givenWeights } = JSON.parse(readFileSync(0, "utf8")) as Question;
setEngine(new WasmEngine({ threads }));
const step = stepOf(task);

const before = process.cpuUsage();
const first = await step();
const { user, system } = process.cpuUsage(before);
const answer: Answer = { milliseconds: (user + system) / 1e3, numbers: [first, await step()] };
process.stdout.write(JSON.stringify(answer));

/** Makes the model or the tensors. Each call of the result computes once and reads the numbers to compare. */
function stepOf(task: FirstStepTask): () => Promise<number[]> {
  switch (task.kind) {
    case "trainingStep":
      return trainingStep(task);
    case "chain":
      return chain(task.operations);
    case "stack": {
      const tensors = Array.from({ length: task.tensors }, (_, i) => givenInput({ shape: [784] }, 784 * i));
      return async () => {
        const data = await stack(tensors).data();
        return [data.length, data[0], data[data.length - 1]];
      };
    }
    case "concat":
      return joined(task.parameters);
  }
}

function trainingStep(task: Extract<FirstStepTask, { kind: "trainingStep" }>): () => Promise<number[]> {
  const model = modelOf(task.layers, new Generator(1));
  if (givenWeights) giveWeights(model);
  const [x, y] = [givenInput(task.x, 0), task.y && givenInput(task.y, 1)];
  const training = trainingOf({ model, loss: task.loss, x, y, learningRate: 1e-4 });
  const take = task.recorded ? recordedStep(training) : plainStep(training);
  return async () => [await take()];
}

function giveWeights(model: Module): void {
  const shapes = new Map([...model.namedParameters()].map(([name, { shape }]) => [name, shape]));
  model.loadStateDict(new Map([...model.stateDict(), ...givenState(shapes)]));
}

function chain(operations: number): () => Promise<number[]> {
  const x = new Parameter(givenInput({ shape: [16] }, 0));
  return async () => {
    let y = x.square();
    for (let i = 0; i < operations; i++) y = y.tanh();
    const loss = y.sum();
    backward(loss);
    const gradient = takeGradient(x);
    realize(loss, gradient);
    return [await loss.item(), ...(await gradient.data())];
  };
}

function joined(count: number): () => Promise<number[]> {
  const parameters = Array.from(
    { length: count },
    (_, i) => new Parameter(givenInput({ shape: [4] }, 4 * i)),
  );
  return async () => {
    const loss = concat(parameters).square().sum();
    backward(loss);
    const gradients = parameters.map(takeGradient);
    realize(loss, ...gradients);
    return [await loss.item(), ...(await gradients[count - 1].data())];
  };
}

/** Returns the gradient of a parameter and removes it, like `zeroGrad`. */
function takeGradient(parameter: Parameter): Tensor {
  const { grad } = parameter;
  if (grad === null) throw new Error("a parameter has no gradient");
  parameter.grad = null;
  return grad;
}
