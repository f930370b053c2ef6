import { trainFromLoader } from "./loading.js";
import { sizes, train } from "./training.js";

// The script of a page, for every bundler. The suite calls these functions.

globalThis.onPage = () => train(sizes.small);

globalThis.inWorker = () => answerOf(new Worker(new URL("./worker.js", import.meta.url), { type: "module" }));

globalThis.fromLoader = () => trainFromLoader();

globalThis.fromLoaderInWorker = () =>
  answerOf(new Worker(new URL("./loading.worker.js", import.meta.url), { type: "module" }));

const answerOf = (worker) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
