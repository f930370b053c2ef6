// Prints the cases that primitives.py computes, one JSON object a line: every primitive's samples, and for those that
// treat every element alike the numbers where IEEE 754 has something special to say.

import { binaryNames, plainNames, samplesOf, unaryNames } from "../src/index.ts";

const special = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  2.5,
  -0.5,
  -1.5,
  -2.5,
  3,
  1e300,
  -1e300,
  1e-300,
];
const pairs = special.flatMap((a) => special.map((b) => [a, b]));

const vector = (numbers) => ({ dtype: "float64", shape: [numbers.length], data: numbers });
const specialCases = [
  ...unaryNames.map((name) => ({ name, inputs: [vector(special)] })),
  ...binaryNames.map((name) => ({
    name,
    inputs: [0, 1].map((side) => vector(pairs.map((pair) => pair[side]))),
  })),
];

// JSON has no NaN, no infinities and no −0; strings stand for them.
const encode = (x) => (Number.isFinite(x) && !Object.is(x, -0) ? x : Object.is(x, -0) ? "-0" : String(x));

function print({ name, inputs, attributes = {} }, kind) {
  const tensors = inputs.map(({ dtype, shape, data }) => ({ dtype, shape, data: Array.from(data, encode) }));
  console.log(JSON.stringify({ primitive: name, kind, inputs: tensors, attributes }));
}

for (const name of plainNames) {
  for (const { inputs, attributes } of samplesOf(name)) print({ name, inputs, attributes }, "sample");
}
for (const each of specialCases) print(each, "special");
