import { train } from "./long-training.js";

await train();
