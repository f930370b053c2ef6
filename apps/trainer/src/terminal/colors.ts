/** Text as a terminal shows it. Where there are no colours, every one of these returns the text as it is. */
export interface Colors {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly gold: (text: string) => string;
  readonly purple: (text: string) => string;
  readonly teal: (text: string) => string;
}

/** Whether there is a person in front of this stream, at a terminal that can be drawn on. */
export function isTerminal(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env["TERM"] !== "dumb";
}

/** The colours of a stream: none in a file or a pipe, nor where NO_COLOR asks for none (https://no-color.org). */
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
