import { usual, type PlaySettings } from "./settings.js";

/** A run that cannot work: what to look at, and a way out. */
export interface FailureScene {
  readonly id: string;
  readonly name: string;
  readonly settings: PlaySettings;
  /** Where to look. */
  readonly stage: "blame" | "again";
  readonly try: number;
  readonly look: string;
  readonly out: string;
  readonly mended: PlaySettings;
}

const layersOf = (activation: "sigmoid" | "relu"): PlaySettings["layers"] => [
  { width: 8, activation },
  { width: 8, activation },
];

const saturated: PlaySettings = {
  ...usual,
  layers: layersOf("sigmoid"),
  optimizer: "sgd",
  learningRate: 0.3,
  scale: 40,
};
const dead: PlaySettings = {
  ...usual,
  layers: layersOf("relu"),
  optimizer: "sgd",
  learningRate: 0.3,
  shift: -8,
};
const tooFar: PlaySettings = { ...usual, optimizer: "sgd", learningRate: 30 };
const zero: PlaySettings = { ...usual, optimizer: "sgd", learningRate: 0.3, scale: 0 };

export const failureScenes: readonly FailureScene[] = [
  {
    id: "saturated",
    name: "Saturated sigmoid",
    settings: saturated,
    stage: "blame",
    try: 30,
    look: "All weights are 40 times too large, so every sigmoid is flat. Look at the factors printed on the links: blame is multiplied by almost nothing.",
    out: "Begin with smaller weights",
    mended: { ...saturated, scale: 1, optimizer: "adamw", learningRate: 0.03 },
  },
  {
    id: "dead",
    name: "Dead ReLU",
    settings: dead,
    stage: "blame",
    try: 30,
    look: "All biases begin 8 too low, so every ReLU says 0 everywhere. Look at the factors: × 0, no blame gets through, and nothing ever turns.",
    out: "Begin with the usual biases",
    mended: { ...dead, shift: 0, optimizer: "adamw", learningRate: 0.03 },
  },
  {
    id: "too-far",
    name: "Step too large",
    settings: tooFar,
    stage: "again",
    try: 31,
    look: "The learning rate is 30. Every promise is huge, and every step jumps over it. Look at the zigzag on the timeline, and at paid beside promise.",
    out: "Take shorter steps",
    mended: { ...tooFar, learningRate: 0.3 },
  },
  {
    id: "zero",
    name: "All-zero start",
    settings: zero,
    stage: "blame",
    try: 30,
    look: "All weights begin at 0, so all neurons are twins: they hear the same and are blamed the same. Look at their pictures: they stay blank.",
    out: "Begin with dice",
    mended: { ...zero, scale: 1, optimizer: "adamw", learningRate: 0.03 },
  },
];
