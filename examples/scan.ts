// A loop can be one operation: only one iteration is compiled, for any number of iterations, and the loop has gradients.
//
//     node --conditions=source --import tsx examples/scan.ts

import { full, grad, LSTMCell, normal, scan, tensor, zeros, type Tensor } from "stargrad";

// The function takes the carry and a slice of the sequence; its results y are stacked. Here: interest on savings, year by year.
const { carry, y } = scan(
  (balance, deposit) => {
    const next = balance.mul(1.5).add(deposit);
    return { carry: next, y: next };
  },
  tensor(0),
  tensor([100, 0, 0, 40]),
);
console.log(carry.itemSync(), y.toArraySync()); // -> 377.5 [ 100, 150, 225, 377.5 ]

// At which rate do four deposits of 100 become 1000? Newton's method needs the gradient through all years.
const missing = (rate: Tensor): Tensor =>
  scan((balance, x) => ({ carry: balance.mul(rate).add(x) }), tensor(0), full([4], 100)).carry.sub(1000);
let rate: Tensor = tensor(1.5);
for (let i = 0; i < 5; i++) rate = rate.sub(missing(rate).div(grad(missing)(rate)));
console.log(rate.itemSync().toFixed(3)); // -> 1.661

// Carries, slices and results may be nested. With `reverse`, the cell runs from the last of 50 steps to the first.
const cell = new LSTMCell(3, 4);
const states = scan(
  (state, x) => {
    const next = cell.forward(x, state);
    return { carry: next, y: next.hidden };
  },
  { hidden: zeros([2, 4]), cell: zeros([2, 4]) },
  normal([50, 2, 3]),
  { reverse: true },
);
console.log(states.y.shape, states.carry.cell.shape); // -> [ 50, 2, 4 ] [ 2, 4 ]
