// Writes the made-up tables that examples read: `node examples/data/make.mjs`. The same bytes every time.

import { writeFileSync } from "node:fs";

/** Random numbers from 0 to 1 (a linear congruential generator; Numerical Recipes, 7.1). */
let state = 1;
const random = () => (state = (1664525 * state + 1013904223) % 2 ** 32) / 2 ** 32;
const normal = () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
const write = (name, lines) => writeFileSync(new URL(name, import.meta.url), `${lines.join("\n")}\n`);

// Guests of a hotel. Who paid little, stayed long and came by train tends to come back; some did not tell their age.
const guests = Array.from({ length: 1000 }, () => {
  const [nights, price] = [1 + Math.floor(7 * random()), Math.round(60 + 140 * random())];
  const travel = ["train", "car", "plane"][Math.floor(3 * random())];
  const age = random() < 0.15 ? "" : Math.round(20 + 55 * random());
  const liking =
    0.8 * (nights - 4) - 0.04 * (price - 130) + { train: 2, car: 0, plane: -2 }[travel] + 0.7 * normal();
  return [nights, price, travel, age, liking > 0 ? "yes" : "no"].join(",");
});
write("guests.csv", ["nights,price,travel,age,back", ...guests]);

// The temperature at noon of each day of four years.
let weather = 0;
const days = Array.from({ length: 1461 }, (_, day) => {
  weather = 0.4 * weather + 2 * normal();
  const noon = 11 - 10 * Math.cos((2 * Math.PI * (day - 20)) / 365.25) + weather;
  return `${new Date(Date.UTC(2021, 0, 1 + day)).toISOString().slice(0, 10)},${noon.toFixed(1)}`;
});
write("temperatures.csv", ["day,noon", ...days]);
