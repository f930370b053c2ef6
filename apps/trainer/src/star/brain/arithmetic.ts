import { blameText } from "../../words/blame.js";
import { decimal, short, signed, squared } from "../../words/numbers.js";
import type { SumLine } from "../../words/sum.js";
import type { KnobNumbers, Scene, Trace } from "./scene.js";
import { indexOf, layerOf, nameOf, neuronOf, neurons } from "./sizes.js";
import { factorText } from "./words.js";

// Why a number is what it is, down to one multiplication. Every number is a knob, or comes from a line before.

const bends = { tanh: "tanh", sigmoid: "sigmoid", relu: "ReLU" } as const;

/** What a neuron takes in from another one for a square: a coordinate, or what a hidden neuron passes on. */
function valueOf({ coordinates, hidden }: Trace, neuron: string): number {
  if (neuron === "x") return coordinates[0];
  if (neuron === "y") return coordinates[1];
  return hidden.find(({ id }) => id === neuron)?.value ?? 0;
}

function knobsInto({ knobs }: Scene, neuron: string): KnobNumbers[] {
  return knobs.filter(({ id }) => neuronOf(id) === neuron);
}

/** How a neuron answers for a square: every input times its knob, the bias, and the bend. */
export function neuronSum(scene: Scene, trace: Trace, neuron: string): SumLine[] {
  const all = knobsInto(scene, neuron);
  const products = all
    .filter(({ from }) => from !== null)
    .map(({ id, now }) => ({ from: id.split("-")[0], now, value: valueOf(trace, id.split("-")[0]) }))
    .sort((one, other) => Math.abs(other.now * other.value) - Math.abs(one.now * one.value));
  const shown = products.slice(0, products.length <= 4 ? 4 : 3);
  const rest = products.slice(shown.length);
  const bias = all[all.length - 1].now;
  const hidden = trace.hidden.find(({ id }) => id === neuron);
  const sum = hidden?.sum ?? trace.answer;
  const lines: SumLine[] = shown.map(({ from, now, value }, i) => ({
    name: `${from} × its knob`,
    steps: [`${i === 0 ? "" : "+ "}${decimal(value)} × ${decimal(now)}`, `= ${decimal(value * now)}`],
  }));
  if (rest.length > 0)
    lines.push({
      name: `${rest.length} more`,
      steps: [`+ ${decimal(rest.reduce((total, { now, value }) => total + now * value, 0))}`],
    });
  lines.push({ name: "bias", steps: [`+ ${decimal(bias)}`, `= ${decimal(sum)}`] });
  const { activation } = scene.settings;
  return [
    ...lines,
    hidden === undefined
      ? { name: "answer", steps: [`${decimal(sum)}: ${sum > 0.5 ? "ink" : "paper"}`], isResult: true }
      : {
          name: `${neuron} passes on`,
          steps: [`${bends[activation]}(${decimal(sum)})`, `= ${decimal(hidden.value)}`],
          isResult: true,
        },
  ];
}

/** How wrong one square is, and what it adds to the mistake. */
export function squareSum({ attempt }: Scene, { answer, target }: Trace): SumLine[] {
  return [
    { name: "answer − goal", steps: [`${decimal(answer)} − ${target}`, `= ${decimal(answer - target)}`] },
    {
      name: "squared",
      steps: [squared(answer - target), `= ${decimal((answer - target) ** 2)}`],
    },
    { name: "mistake", steps: [`mean of 784: ${decimal(attempt.mistake, 5)}`], isResult: true },
  ];
}

/** How one square's complaint becomes its part of the blame of a knob. */
export function blameSum(scene: Scene, trace: Trace, id: string): SumLine[] {
  const { layer, blame, from } = scene.knobs[indexOf(id)];
  const target = neuronOf(id);
  const hidden = trace.hidden.find((neuron) => neuron.id === target);
  const lines: SumLine[] = [
    {
      name: "the square complains",
      steps: [`2 × (${decimal(trace.answer)} − ${trace.target})`, `= ${decimal(trace.complaint)}`],
    },
  ];
  if (layer === 2) {
    const link = scene.knobs[indexOf(`${target}-ink`)];
    lines.push({
      name: `× ${nameOf(link.id)}`,
      steps: [`${decimal(trace.complaint)} × ${decimal(link.now)}`, `= ${decimal(hidden?.arrives ?? 0, 4)}`],
    });
  }
  if (layer === 1) {
    const [first] = backInto(scene, trace, target);
    lines.push(
      {
        name: `× ${first.target} → ink, slope`,
        steps: [`${decimal(first.complaint, 4)} arrives at ${first.target}`],
      },
      {
        name: `× ${nameOf(first.id)}`,
        steps: [`${decimal(first.complaint, 4)} × ${decimal(first.now)}`, `= ${decimal(first.part, 4)}`],
      },
      { name: "with 15 more", steps: [`= ${decimal(hidden?.arrives ?? 0, 4)}`] },
    );
  }
  if (hidden !== undefined)
    lines.push({
      name: `× slope of ${target}`,
      steps: [
        `${decimal(hidden.arrives, 4)} × ${factorText(hidden.slope)}`,
        `= ${decimal(hidden.complaint, 4)}`,
      ],
    });
  const arrived = hidden?.complaint ?? trace.complaint;
  const source = id.split("-")[0];
  if (from !== null) {
    const value = valueOf(trace, source);
    lines.push({
      name: `× what ${source} passed`,
      steps: [`${decimal(arrived, 4)} × ${decimal(value)}`, `= ${decimal(arrived * value, 4)}`],
    });
  }
  return [...lines, { name: "mean of 784 squares", steps: [`blame ${blameText(blame, 4)}`], isResult: true }];
}

/** What comes back to a neuron of the first layer, largest part first. */
function backInto(scene: Scene, trace: Trace, neuron: string) {
  return neurons[2]
    .map((target) => {
      const id = `${neuron}-${target}`;
      const { now } = scene.knobs[indexOf(id)];
      const complaint = trace.hidden.find((one) => one.id === target)?.complaint ?? 0;
      return { id, target, now, complaint, part: complaint * now };
    })
    .sort((one, other) => Math.abs(other.part) - Math.abs(one.part));
}

/** How the blame of a knob becomes its turn, and what the turn promises. */
export function turnSum({ knobs, step, settings }: Scene, id: string): SumLine[] {
  if (step === null) return [];
  const [{ now, blame }, { turn, next, promise }] = [knobs[indexOf(id)], step.turns[indexOf(id)]];
  const { learningRate, optimizer } = settings;
  const rule: SumLine =
    optimizer === "sgd"
      ? {
          name: "turn",
          steps: ["= −rate × blame", `= −${learningRate} × ${signed(blame, 4)}`, `= ${signed(turn, 4)}`],
        }
      : {
          name: "turn",
          steps: [
            "= −rate × (usual blame ÷ its usual size)",
            `= −${learningRate} × ${decimal(-turn / learningRate)}`,
            `= ${signed(turn, 4)}`,
          ],
        };
  return [
    rule,
    { name: nameOf(id), steps: [`= ${decimal(now)} ${signed(turn, 4)}`, `= ${decimal(next)}`] },
    {
      name: "promise",
      steps: [`= −(${signed(blame, 4)} × ${signed(turn, 4)})`, `= ${short(promise)}`],
      isResult: true,
    },
  ];
}

/** Where a square is, in words. */
export function squareName(square: number, size: number): string {
  return `row ${Math.floor(square / size) + 1}, column ${(square % size) + 1}`;
}

/** A neuron in words. */
export function neuronName(neuron: string): string {
  const layer = layerOf(neuron);
  return layer === 3 ? "ink" : layer === 0 ? `${neuron} of the square` : `neuron ${neuron}`;
}
