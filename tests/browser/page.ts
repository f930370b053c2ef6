import { tasks } from "./tasks.js";

// The script of the page that tests open. The tests call the functions that it adds to `globalThis`.

type Name = keyof typeof tasks;

Object.assign(globalThis, {
  onPage: (name: Name, options: never) => tasks[name](options),
  inWorker: (name: Name, options: unknown) =>
    new Promise((resolve, reject) => {
      const worker = new Worker("worker.js", { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<{ report?: unknown; error?: Error }>) => {
        if (data.error === undefined) resolve(data.report);
        else reject(data.error);
      };
      worker.onerror = ({ message }) => {
        reject(new Error(message));
      };
      worker.postMessage({ name, options });
    }),
});
