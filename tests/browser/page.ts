import { tasks } from "./tasks.js";

// The script of the page that tests open: they call what it puts on `globalThis`.

type Name = keyof typeof tasks;

Object.assign(globalThis, {
  onPage: (name: Name, options: never) => tasks[name](options),
  inWorker: (name: Name, options: unknown) =>
    new Promise((resolve, reject) => {
      const worker = new Worker("worker.js", { type: "module" });
      worker.onmessage = ({ data }) => {
        resolve(data);
      };
      worker.onerror = ({ message }) => {
        reject(new Error(message));
      };
      worker.postMessage({ name, options });
    }),
});
