// An agent learns to balance a pole on a cart by trial and error: REINFORCE (Williams, 1992).
//
//     node --conditions=source --import tsx examples/reinforce.ts

import { Adam, binaryCrossEntropyWithLogits, concat, Linear, manualSeed, ones, scan } from "stargrad";
import { Sequential, Tanh, tensor, trainStep, uniform, type Tensor } from "stargrad";

/** The cart and the pole 0.02 s after a push (Barto, Sutton and Anderson, 1983). In Python, Gymnasium contains this function. */
function push(state: Tensor, force: Tensor): Tensor {
  const [, speed, angle, turning] = state.split(1, { axis: 1 });
  const [sin, cos] = [angle.sin(), angle.cos()];
  const thrust = turning.square().mul(sin).mul(0.05).add(force).div(1.1);
  const lever = tensor(2 / 3).sub(cos.square().div(22));
  const spin = sin.mul(9.8).sub(cos.mul(thrust)).div(lever);
  const rates = [speed, thrust.sub(spin.mul(cos).div(22)), turning, spin];
  return state.add(concat(rates, { axis: 1 }).mul(0.02));
}

manualSeed(1);
const policy = new Sequential(new Linear(4, 32), new Tanh(), new Linear(32, 1));
const play = ({ state, up }: { state: Tensor; up: Tensor }, luck: Tensor) => {
  const right = luck.less(policy.forward(state).sigmoid()).cast("float32");
  const next = push(state, right.mul(20).sub(10));
  const [place, , angle] = next.abs().split(1, { axis: 1 });
  const stays = place.less(2.4).logicalAnd(angle.less(0.21));
  return { carry: { state: next, up: up.mul(stays) }, y: { state, right, up } };
};
const loss = () => {
  const start = { state: uniform([64, 4], { low: -0.05, high: 0.05 }), up: ones([64, 1]) };
  const { state, right, up } = scan(play, start, uniform([200, 64, 1])).y; // 64 games of 200 steps
  const later = up.sum({ axis: 0 }).sub(up.cumsum({ axis: 0 })); // the steps that each action is rewarded for
  const weight = later.sub(later.mean({ axis: 1, keepDims: true })).mul(up); // compared with the other games
  const logits = policy.forward(state);
  const loss = binaryCrossEntropyWithLogits(logits, right, { weight });
  return { loss, steps: up.sum({ axis: 0 }).mean() };
};
const optimizer = new Adam(policy.parameters(), { learningRate: 0.01 });
const learn = trainStep({ model: policy, optimizer, loss });
const steps = Array.from({ length: 61 }, () => Math.round(learn({}).steps.itemSync()));
console.log(`The pole stays up for ${steps[0]} steps, then for ${steps[60]}`); // -> The pole stays up for 25 steps, then for 200
