import { sizes, train } from "./training.js";

// The script of a page, for every bundler. The suite calls these functions.

globalThis.onPage = () => train(sizes.small);

globalThis.inWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
