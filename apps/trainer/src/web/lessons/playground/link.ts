import * as z from "zod/mini";

import {
  activations,
  fineness,
  mostForks,
  onGrid,
  most,
  optimizers,
  shapes,
  usual,
  type Activation,
  type ForkedSettings,
  type ForkSettings,
  type LayerSettings,
  type OptimizerName,
  type OwnPoint,
} from "../../../playground/settings.js";
import { linkOf, number, oneOf, whole } from "../../link.js";

const layers = `up to ${most.layers} layers such as 8tanh,4relu, each with 1 to ${most.width} neurons, or none`;
const aLayer = `[1-${most.width}](${activations.join("|")})`;
const points = `up to ${most.points} points, each a letter b or o and two numbers of two digits`;

const forks = `up to ${mostForks} forks such as 20.sgd.0.3, each a try, an optimizer and a learning rate from 0.00001 to ${most.rate}`;
const aFork = `[1-9]\\d{0,3}\\.(${optimizers.join("|")})\\.\\d{1,3}(\\.\\d{1,5})?`;

export const playgroundLink = linkOf({
  fields: {
    data: z.optional(oneOf(shapes)),
    noise: z.optional(number(0, most.noise, `noise from 0 to ${most.noise}`)),
    draw: z.optional(whole(0, 4294967295)),
    points: z.optional(
      z
        .string()
        .check(z.regex(new RegExp(`^([bo][0-9a-x][0-9a-z][0-9a-x][0-9a-z]){2,${most.points}}$`), points)),
    ),
    layers: z.optional(
      z.string().check(z.regex(new RegExp(`^(none|${aLayer}(,${aLayer}){0,${most.layers - 1}})$`), layers)),
    ),
    optimizer: z.optional(oneOf(optimizers)),
    rate: z.optional(number(0.00001, most.rate, `a learning rate from 0.00001 to ${most.rate}`)),
    seed: z.optional(whole(0, 4294967295)),
    scale: z.optional(number(0, most.scale, `a factor from 0 to ${most.scale}`)),
    shift: z.optional(number(-most.shift, most.shift, `a number from −${most.shift} to ${most.shift}`)),
    forks: z.optional(
      z.pipe(
        z.string().check(z.regex(new RegExp(`^${aFork}(,${aFork}){0,${mostForks - 1}}$`), forks)),
        z.pipe(
          z.transform((text: string) => text.split(",").map(forkOf)),
          z.array(
            z.object({
              try: z.number(),
              optimizer: z.enum(optimizers),
              learningRate: z.number().check(z.gte(0.00001, forks), z.lte(most.rate, forks)),
            }),
          ),
        ),
      ),
    ),
  },
  read: (given): ForkedSettings => ({
    data: {
      shape: given.data ?? usual.data.shape,
      noise: given.noise ?? usual.data.noise,
      seed: given.draw ?? usual.data.seed,
      ...(given.points !== undefined && { own: pointsOf(given.points) }),
    },
    layers: given.layers === undefined ? usual.layers : layersOf(given.layers),
    optimizer: given.optimizer ?? usual.optimizer,
    learningRate: given.rate ?? usual.learningRate,
    seed: given.seed ?? usual.seed,
    scale: given.scale ?? usual.scale,
    shift: given.shift ?? usual.shift,
    ...(given.forks && { forks: given.forks }),
  }),
  write: ({ data, layers: hidden, optimizer, learningRate, seed, scale, shift, forks: made }) => ({
    data: data.shape,
    noise: data.noise,
    draw: data.seed,
    points: data.own?.map(textOfPoint).join(""),
    layers:
      hidden.length === 0 ? "none" : hidden.map(({ width, activation }) => `${width}${activation}`).join(","),
    optimizer,
    rate: learningRate,
    seed,
    scale,
    shift,
    forks: made?.map((fork) => `${fork.try}.${fork.optimizer}.${fork.learningRate}`).join(","),
  }),
});

function layersOf(text: string): LayerSettings[] {
  if (text === "none") return [];
  // The schema has seen to the form.
  return text
    .split(",")
    .map((layer) => ({ width: Number(layer[0]), activation: layer.slice(1) as Activation }));
}

function forkOf(text: string): ForkSettings {
  const [number, optimizer, ...rate] = text.split(".");
  return { try: Number(number), optimizer: optimizer as OptimizerName, learningRate: Number(rate.join(".")) };
}

function textOfPoint({ x, y, label }: OwnPoint): string {
  return (label === 1 ? "b" : "o") + digitsOf(x) + digitsOf(y);
}

/** A line of the grid, counted from the lowest one, in two digits of base 36. */
function digitsOf(coordinate: number): string {
  return Math.round((coordinate + 1) * fineness)
    .toString(36)
    .padStart(2, "0");
}

function coordinateOf(digits: string): number {
  return Math.min(2 * fineness, Number.parseInt(digits, 36)) / fineness - 1;
}

function pointsOf(text: string): OwnPoint[] {
  return Array.from({ length: text.length / 5 }, (_, i) => {
    const [color, x, y] = [text[5 * i], text.slice(5 * i + 1, 5 * i + 3), text.slice(5 * i + 3, 5 * i + 5)];
    return { x: onGrid(coordinateOf(x)), y: onGrid(coordinateOf(y)), label: color === "b" ? 1 : 0 };
  });
}
