/** The number of recorded stack frames: enough to pass a model's layers and reach the user's call. */
const depth = 100;

/** Makes errors record deep stacks if the JavaScript engine supports it (V8); returns a function that undoes this. */
export function deepStacks(): () => void {
  const limited: typeof Error & { stackTraceLimit?: number } = Error;
  const { stackTraceLimit } = limited;
  if (stackTraceLimit === undefined) return () => undefined;
  limited.stackTraceLimit = depth;
  return () => {
    limited.stackTraceLimit = stackTraceLimit;
  };
}

/** The first frame of a stack that is not in a Stargrad package: the function, if it has a name, and the line. */
export function callerOf({ stack = "" }: Error): string | null {
  const frames = stack.split("\n").map((line) => line.trim());
  const frame = frames.find((line) => {
    const file = fileOf(line);
    return file !== null && !file.startsWith("node:") && !isStargradFile(file);
  });
  return frame?.replace(/^at (<anonymous> (?=\())?/, "") ?? null;
}

/** The directory that contains this package and the others: `packages`, or `node_modules/@stargrad`. */
const home = firstFile(new Error().stack ?? "")
  .split("/")
  .slice(0, -3)
  .join("/");

function isStargradFile(file: string): boolean {
  return file.startsWith(`${home}/`) || /\/node_modules\/(@stargrad|stargrad)\//.test(file);
}

function firstFile(stack: string): string {
  for (const line of stack.split("\n")) {
    const file = fileOf(line.trim());
    if (file !== null) return file;
  }
  return "";
}

/** The file of a frame: `at f (file:1:2)` and `at file:1:2` in V8, `f@file:1:2` elsewhere. */
function fileOf(frame: string): string | null {
  return /(?:^at (?:.* \()?|@)(.*?):\d+:\d+\)?$/.exec(frame)?.[1] ?? null;
}
