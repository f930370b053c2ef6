import { push, usual, type BrainSettings } from "./sizes.js";

/** Something that can go wrong, as a real run: what to look for, and a way out. */
export interface Failure {
  readonly name: string;
  readonly about: string;
  readonly settings: BrainSettings;
  /** The try and the stage to look at. */
  readonly try: number;
  readonly wayOut: string;
}

export const failures: readonly Failure[] = [
  {
    name: "The brain jumps too far",
    about: "Rate 1 instead of 0.02: the knobs are thrown far off, where every bend is flat.",
    settings: { ...usual, learningRate: 1 },
    try: 20,
    wayOut: "Shorter steps",
  },
  {
    name: "Saturated sigmoid",
    about: `Biases begin ${push} higher: every neuron is at the end of its bend. The slope there is about 0.003.`,
    settings: { ...usual, activation: "sigmoid", start: "pushed", optimizer: "sgd" },
    try: 1,
    wayOut: "Begin in the middle of the bend, with tanh",
  },
  {
    name: "All knobs zero",
    about: "Complaints are multiplied by the links on their way back, and every link is 0.",
    settings: { ...usual, start: "zero" },
    try: 3,
    wayOut: "Begin with small random knobs",
  },
  {
    name: "Dead ReLU",
    about: "One step too long pushes a whole layer below zero, where ReLU is flat for good.",
    settings: { ...usual, activation: "relu", learningRate: 1 },
    try: 60,
    wayOut: "Shorter steps, before they die",
  },
];

/** The failure that settings lead to, if they are those of one. */
export function failureOf(settings: BrainSettings): Failure | null {
  const deciding = ["learningRate", "optimizer", "activation", "start"] as const;
  return failures.find((one) => deciding.every((name) => one.settings[name] === settings[name])) ?? null;
}
