// Work that would make one long task of the main thread, as short ones. Between two of them the page paints, and hears keys and pointers.

const waiting: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => {
  waiting.shift()?.();
};

/** Does a piece of work in a task of its own, after the pieces that were given before. Returns what calls it off. */
export function inTurn(work: () => void): () => void {
  let isWanted = true;
  waiting.push(() => {
    if (isWanted) work();
  });
  channel.port2.postMessage(null);
  return () => {
    isWanted = false;
  };
}
