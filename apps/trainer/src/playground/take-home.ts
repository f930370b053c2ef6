import type { LayerNumbers } from "./scene.js";
import {
  centers,
  moonsCenter,
  moonsScale,
  oneIn,
  samples,
  type Activation,
  type OptimizerName,
  type PlaySettings,
} from "./settings.js";
import type { Score } from "./training.js";

// What a visitor can take away: a program that trains the same network, one with the trained network in it, and the run as numbers.

const layerNames: Record<Activation, string | null> = {
  tanh: "Tanh",
  relu: "ReLU",
  sigmoid: "Sigmoid",
  gelu: "GELU",
  linear: null,
};

const optimizerCalls: Record<OptimizerName, readonly [name: string, more: string]> = {
  sgd: ["SGD", ""],
  momentum: ["SGD", ", momentum: 0.9"],
  rmsprop: ["RMSprop", ""],
  adam: ["Adam", ""],
  adamw: ["AdamW", ""],
};

/** `new Linear(2, 8), new Tanh(), …`, and the names of what it needs. */
function modelOf({ layers }: PlaySettings, options: string): { code: string; names: string[] } {
  const widths = [2, ...layers.map(({ width }) => width), 1];
  const parts = widths.slice(1).flatMap((width, i) => {
    const activation = i < layers.length ? layerNames[layers[i].activation] : null;
    return [
      `new Linear(${widths[i]}, ${width}${options})`,
      ...(activation === null ? [] : [`new ${activation}()`]),
    ];
  });
  const used = layers.flatMap(({ activation }) => layerNames[activation] ?? []);
  return {
    code: `const model = new Sequential(\n  ${parts.join(",\n  ")},\n);`,
    names: ["Linear", "Sequential", ...used],
  };
}

function pointsCode({ data }: PlaySettings): { code: string; names: string[] } {
  const { shape, noise, seed, own } = data;
  if (own !== undefined) {
    const rows = own.map(({ x, y, label }) => `  [${x}, ${y}, ${label}],`).join("\n");
    return {
      code: `// Across, up, and 1 for blue or 0 for orange.\nconst rows = [\n${rows}\n];
const x = tensor(rows.map(([across, up]) => [across, up]));
const y = tensor(rows.map(([, , label]) => [label]));`,
      names: ["tensor"],
    };
  }
  const extra =
    { circles: ", factor: 0.5", blobs: `, centers: ${JSON.stringify(centers)}` }[shape as string] ?? "";
  const moved = shape === "moons" ? `.sub(tensor(${JSON.stringify(moonsCenter)})).mul(${moonsScale})` : "";
  return {
    code: `const points = ${shape}({ samples: ${samples}, noise: ${noise}, seed: ${seed}${extra} }).all();
const x = points.x${moved};
const y = points.y.cast("float32").reshape([-1, 1]);`,
    names: [shape, "tensor"],
  };
}

function importOf(names: readonly string[]): string {
  return `import {\n  ${[...new Set(names)].sort((a, b) => a.localeCompare(b)).join(",\n  ")},\n} from "stargrad";`;
}

/** A program that trains the same network from the same start, and prints the mistake of each try. */
export function trainingProgram(settings: PlaySettings, tries: number): string {
  const { seed, scale, shift, optimizer, learningRate, layers } = settings;
  const [points, model] = [pointsCode(settings), modelOf(settings, ", { generator }")];
  const [name, more] = optimizerCalls[optimizer];
  const scaled =
    scale === 1
      ? ""
      : `\nfor (const parameter of model.parameters()) parameter.assign(parameter.mul(${scale}).detach());`;
  const shifted =
    shift === 0 || layers.length === 0
      ? ""
      : `\nfor (const layer of model.layers.slice(0, -1)) {
  if (layer instanceof Linear) layer.bias!.assign(layer.bias!.add(${shift}).detach());
}`;
  return `${importOf([...points.names, ...model.names, name, "backward", "binaryCrossEntropyWithLogits", "Generator", "tensor"])}

${points.code}
// Every fifth point is held out.
const rowsToLearn = tensor(Int32Array.from(Array(x.shape[0]).keys()).filter((row) => row % ${oneIn} !== ${oneIn - 1}));
const [learnX, learnY] = [x.take(rowsToLearn), y.take(rowsToLearn)];

const generator = new Generator(${seed});
${model.code}${scaled}${shifted}
const optimizer = new ${name}(model.parameters(), { learningRate: ${learningRate}${more} });

for (let number = 1; number <= ${tries}; number++, optimizer.zeroGrad()) {
  const mistake = binaryCrossEntropyWithLogits(model.forward(learnX), learnY);
  console.log(number, await mistake.item());
  backward(mistake);
  optimizer.step();
}
`;
}

/** A program with the trained network in it, which says how probable blue is at any place. */
export function modelProgram(
  settings: PlaySettings,
  number: number,
  layers: readonly LayerNumbers[],
): string {
  const model = modelOf(settings, "");
  let index = 0;
  const state = layers.map(({ weights, biases }, layer) => {
    const name = index;
    index += layer < settings.layers.length && layerNames[settings.layers[layer].activation] !== null ? 2 : 1;
    return `    ["${name}.weight", tensor(${JSON.stringify(weights)})],\n    ["${name}.bias", tensor(${JSON.stringify(biases)})],`;
  });
  return `${importOf([...model.names, "tensor"])}

// The network of try ${number}.
${model.code}
model.loadStateDict(
  new Map([
${state.join("\n")}
  ]),
);

/** How probable blue is at each place [across, up]. */
export async function blue(places: readonly (readonly [number, number])[]): Promise<number[]> {
  const output = model.forward(tensor(places.map((place) => [...place])));
  return [...(await output.sigmoid().data())];
}

console.log(await blue([[0.5, 0.5]]));
`;
}

/** The scores of a run, one try in a line. */
export function csvOf(first: number, scores: readonly Score[]): string {
  const lines = scores.map(({ mistake, heldOut, right, rightHeldOut }, i) =>
    [first + i, mistake, heldOut ?? "", right, rightHeldOut].join(","),
  );
  return ["try,mistake,heldOut,right,rightHeldOut", ...lines, ""].join("\n");
}

export function jsonOf(settings: PlaySettings, first: number, scores: readonly Score[]): string {
  return JSON.stringify({ settings, first, scores }, null, 2);
}
