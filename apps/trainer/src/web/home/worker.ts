import { catsAndDogs, spirals } from "@stargrad/datasets";

import { surprisesOf } from "../../text/surprise.js";
import { serveQuestions } from "../run/serve-questions.js";
import type { CardData, HomeQuestions } from "./messages.js";

const text = "she sells sea shells by the sea shore";
const size = 28;

serveQuestions<HomeQuestions>(self as never, {
  cards: async (): Promise<CardData> => {
    const animals = catsAndDogs({ samples: 4, size, seed: 3 });
    const { x: drawings } = animals.batch(Int32Array.of(0, 1));
    const ink = Float32Array.from(await drawings.data());
    const arms = spirals({ samples: 90, noise: 0.01, seed: 1 });
    const { x, y } = arms.batch(Int32Array.from({ length: arms.length }, (_, i) => i));
    const [places, labels] = [(await x.toArray()) as [number, number][], await y.data()];
    return {
      cat: ink.slice(0, size * size),
      dog: ink.slice(size * size),
      points: places.map((at, i) => ({ at, arm: labels[i] })),
      text,
      surprises: surprisesOf(text),
    };
  },
});
