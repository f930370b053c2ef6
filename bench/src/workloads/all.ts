import type { Workload } from "../workload.js";
import { convolutions } from "./convolution.js";
import { inference } from "./inference.js";
import { products } from "./matmul.js";
import { passes } from "./passes.js";
import { trainingSteps } from "./training.js";

export const workloads: readonly Workload[] = [
  ...products,
  ...convolutions,
  ...passes,
  ...inference,
  ...trainingSteps,
];
