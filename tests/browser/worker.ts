import { tasks } from "./tasks.js";

// Runs one task in a worker of the page, and posts the result.

addEventListener("message", ({ data }: MessageEvent<{ name: keyof typeof tasks; options: never }>) => {
  tasks[data.name](data.options).then(
    (report) => {
      postMessage({ report });
    },
    (error: unknown) => {
      postMessage({ error });
    },
  );
});
