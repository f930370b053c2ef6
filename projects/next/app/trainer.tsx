"use client";

import { useEffect } from "react";
import { tensor } from "stargrad";
import { sizes, train } from "../../training.js";

/** Offers the suite what to call: training on the page, and in a worker of the page. */
export function Trainer() {
  useEffect(() => {
    Object.assign(globalThis, {
      onPage: () => train(sizes.small),
      inWorker: () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL("../../worker.js", import.meta.url), { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
    });
  }, []);
  return <p>{tensor([1, 2]).add(1).shape.join()}</p>;
}
