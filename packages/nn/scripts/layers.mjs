// `npm run -s layers`: runs every layer and loss on the golden cases that PyTorch wrote, forwards and backwards, in float64
// and float32, on every engine, and prints the largest error of each. Fails if one is wrong or has no case.

import { layerTable } from "./layer-table.ts";

const { text, failures } = layerTable();
console.log(text);
process.exitCode = failures.length === 0 ? 0 : 1;
