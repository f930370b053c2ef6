/** Functions that style a text for a terminal. Without colours, they return the text unchanged. */
export interface Colors {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly gold: (text: string) => string;
  readonly purple: (text: string) => string;
  readonly teal: (text: string) => string;
}

/** Whether the stream is a terminal that supports control sequences. */
export function isTerminal(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env["TERM"] !== "dumb";
}

/** The colours of a stream: none for a file or a pipe, and none if NO_COLOR is set (https://no-color.org). */
export function colorsOf(stream: NodeJS.WriteStream): Colors {
  const colorful = isTerminal(stream) && !process.env["NO_COLOR"];
  const code = (on: number, off: number) => (text: string) =>
    colorful ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    gold: code(33, 39),
    purple: code(35, 39),
    teal: code(36, 39),
  };
}
