/**
 * Lets timers, messages and Ctrl-C run, in Node and in a worker of a page. Awaiting values alone only processes the queue of
 * promises.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    // A page has no setImmediate, and its timers wait at least 4 milliseconds.
    if (typeof setImmediate === "function") setImmediate(resolve);
    else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }
  });
}
