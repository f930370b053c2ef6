// `npm run -s gradients`: checks the first derivative, the second derivative and the forward derivative of every primitive
// against central differences, and prints the largest error of each. Fails if one is wrong.

import { gradientTable } from "./gradient-table.ts";

const { text, failures } = gradientTable();
console.log(text);
process.exitCode = failures.length === 0 ? 0 : 1;
