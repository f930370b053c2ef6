"use client";

import { useEffect } from "react";
import { tensor } from "stargrad";
import { trainFromLoader } from "../../loading.js";
import { sizes, train } from "../../training.js";

const answerOf = (worker: Worker) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });

/** Offers the suite what to call: training on the page and in a worker of the page, also from a loader with workers. */
export function Trainer() {
  useEffect(() => {
    Object.assign(globalThis, {
      onPage: () => train(sizes.small),
      inWorker: () => answerOf(new Worker(new URL("../../worker.js", import.meta.url), { type: "module" })),
      fromLoader: () => trainFromLoader(),
      fromLoaderInWorker: () =>
        answerOf(new Worker(new URL("../../loading.worker.js", import.meta.url), { type: "module" })),
    });
  }, []);
  return <p>{tensor([1, 2]).add(1).shape.join()}</p>;
}
