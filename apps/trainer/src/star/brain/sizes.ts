// The shape of the brain, and the names of its neurons and knobs. Nothing here needs the library.

/** A picture is good enough if 99 % of its pixels are right. */
export const enough = 0.99;

/** The width and the height of the picture, in pixels. */
export const size = 28;

/** How far a proof turns a knob each way. */
export const wiggle = 0.01;

const hidden = Array.from({ length: 16 }, (_, i) => i + 1);

/** The neurons of each layer, from the two coordinates of a square to the amount of ink. */
export const neurons: readonly (readonly string[])[] = [
  ["x", "y"],
  hidden.map((i) => `a${i}`),
  hidden.map((i) => `b${i}`),
  ["ink"],
];

/** Where a knob is: it weighs what goes from one neuron to another, or it is the bias of a neuron. */
export interface KnobPlace {
  /** `a3-b7` for the weight from a3 to b7, `1-b7` for the bias of b7. */
  readonly id: string;
  /** The layer that the knob leads to, from 1 to 3. */
  readonly layer: number;
  /** The index of the neuron that it leads to. */
  readonly to: number;
  /** The index of the neuron that it comes from; null for a bias. */
  readonly from: number | null;
}

/** All 337 knobs, in the order of the parameters: for each layer its weights, row by row, and its biases. */
export const knobPlaces: readonly KnobPlace[] = neurons
  .slice(1)
  .flatMap((layer, i) => [
    ...layer.flatMap((to, row) =>
      neurons[i].map((from, column) => ({ id: `${from}-${to}`, layer: i + 1, to: row, from: column })),
    ),
    ...layer.map((to, row) => ({ id: `1-${to}`, layer: i + 1, to: row, from: null })),
  ]);

const indices = new Map(knobPlaces.map(({ id }, index) => [id, index]));

/** The place of a knob in the list of all knobs; −1 if there is no such knob. */
export function indexOf(id: string): number {
  return indices.get(id) ?? -1;
}

/** The neuron that a knob leads to. */
export function neuronOf(id: string): string {
  return id.slice(id.indexOf("-") + 1);
}

/** The layer of a neuron, from 0 for the coordinates to 3 for the ink; −1 if there is no such neuron. */
export function layerOf(neuron: string): number {
  return neurons.findIndex((layer) => layer.includes(neuron));
}

/** A knob in words: “a3 → b7”, “bias of b7”. */
export function nameOf(id: string): string {
  const [from, to] = id.split("-");
  return from === "1" ? `bias of ${to}` : `${from} → ${to}`;
}

export const activations = ["tanh", "sigmoid", "relu"] as const;
export type Activation = (typeof activations)[number];

export const optimizers = ["adam", "sgd"] as const;
export type OptimizerName = (typeof optimizers)[number];

/** How the knobs begin: as usual, all at zero, or with biases so large that every neuron is at its end. */
export const starts = ["usual", "zero", "pushed"] as const;
export type Start = (typeof starts)[number];

/** What `pushed` adds to the biases of the hidden layers. */
export const push = 6;

export interface BrainSettings {
  readonly rung: "brain";
  /** The seed of the first weights. */
  readonly seed: number;
  readonly learningRate: number;
  readonly optimizer: OptimizerName;
  readonly activation: Activation;
  readonly start: Start;
}

export const usual: BrainSettings = {
  rung: "brain",
  seed: 1,
  learningRate: 0.02,
  optimizer: "adam",
  activation: "tanh",
  start: "usual",
};
