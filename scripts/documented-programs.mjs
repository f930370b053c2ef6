// The programs of READMEs and of pages: the test that runs them and the site, where readers run them, read them here.

/** What the words behind ```ts say about a block. */
export function readMark(mark, code) {
  const word = mark.trim();
  return {
    runs: word === "" || word === "node",
    needsNode: word === "node" || /\bfrom "node:/.test(code),
    module: /^module=(\S+)$/.exec(word)?.[1],
  };
}

/** The blocks of a Markdown text that are marked ```ts, in order. */
export function programsIn(text) {
  return [...text.matchAll(/^```ts(.*)\n([^]*?)^```$/gm)].map(([, mark = "", code = ""]) => ({
    code,
    ...readMark(mark, code),
  }));
}

/** The documented output of a program: the index of a line with a `console.log`, and the text it prints. */
export function promises(code) {
  const promised = new Map();
  let [logLine, prints] = [-1, false];
  for (const [index, line] of code.split("\n").entries()) {
    if (line.includes("console.log(")) logLine = index;
    const first = /\/\/ -> (.*)$/.exec(line)?.[1];
    const further = prints ? /^ *\/\/ {4}(.*)$/.exec(line)?.[1] : undefined;
    const text = first ?? further;
    prints = text !== undefined;
    if (text === undefined) continue;
    const before = promised.get(logLine);
    promised.set(logLine, before === undefined ? text : `${before}\n${text}`);
  }
  return promised;
}
