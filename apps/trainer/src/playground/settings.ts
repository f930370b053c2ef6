// What a visitor can set in the playground. Everything else follows from it.

export const activations = ["tanh", "relu", "sigmoid", "gelu", "linear"] as const;
export type Activation = (typeof activations)[number];

export const optimizers = ["sgd", "momentum", "rmsprop", "adam", "adamw"] as const;
export type OptimizerName = (typeof optimizers)[number];

/** The datasets that are drawn from a seed. */
export const shapes = ["spirals", "moons", "circles", "blobs", "xor", "linear"] as const;
export type ShapeOfPoints = (typeof shapes)[number];

/** A hidden layer. */
export interface LayerSettings {
  readonly width: number;
  readonly activation: Activation;
}

/** A point of the visitor's own. Coordinates are from −1 to 1, on the lines of a fine grid. */
export interface OwnPoint {
  readonly x: number;
  readonly y: number;
  /** 1 for a blue point, 0 for an orange one. */
  readonly label: 0 | 1;
}

export interface DataSettings {
  readonly shape: ShapeOfPoints;
  /** The standard deviation of the noise on each coordinate. */
  readonly noise: number;
  readonly seed: number;
  /** Points that were painted or come from a file; they take the place of the shape. */
  readonly own?: readonly OwnPoint[] | undefined;
}

export interface PlaySettings {
  readonly data: DataSettings;
  readonly layers: readonly LayerSettings[];
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  /** The seed of the initial weights. */
  readonly seed: number;
  /** A factor on all initial weights and biases. */
  readonly scale: number;
  /** Added to the initial biases of the hidden layers. */
  readonly shift: number;
}

/** Another step from a try on. */
export interface ForkSettings {
  readonly try: number;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
}

/** The settings of a run, and the forks that led to it, each from the one before. */
export interface ForkedSettings extends PlaySettings {
  readonly forks?: readonly ForkSettings[];
}

/** The most forks that follow each other. */
export const mostForks = 8;

export const usual: PlaySettings = {
  data: { shape: "spirals", noise: 0.03, seed: 1 },
  layers: [
    { width: 8, activation: "tanh" },
    { width: 8, activation: "tanh" },
  ],
  optimizer: "adamw",
  learningRate: 0.03,
  seed: 1,
  scale: 1,
  shift: 0,
};

export const most = {
  layers: 4,
  width: 8,
  points: 300,
  noise: 0.4,
  rate: 100,
  scale: 100,
  shift: 20,
} as const;

/** How fine the grid of a visitor's own points is: so many lines from the middle to an edge. */
export const fineness = 600;

/** The nearest coordinate on a line of the grid. */
export function onGrid(coordinate: number): number {
  // The sum avoids −0.
  return Math.round(Math.max(-1, Math.min(1, coordinate)) * fineness) / fineness + 0;
}

/** How many points a shape has. */
export const samples = 200;

/** Every fifth point is held out: the network is never trained on it. */
export const oneIn = 5;

/** The centers of the two blobs. */
export const centers = [
  [-0.5, -0.4],
  [0.5, 0.4],
] as const;

/** The moons are moved to the middle and made smaller, so that they fit where the other shapes are. */
export const moonsCenter = [0.5, 0.25] as const;
export const moonsScale = 0.7;

/** How many places a picture of a neuron has in each direction. */
export const grid = 32;

/** How many tries a run makes at first, and how many more each time it is asked to go on. */
export const portion = 400;

/** The most tries of a run. */
export const mostTries = 4000;
