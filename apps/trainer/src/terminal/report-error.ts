import { StargradError } from "@stargrad/tensor";
import { CommanderError } from "commander";

import { wrap } from "./text.js";

/** Prints an error on the standard error, and returns the exit status of the program. */
export function reportError(error: unknown, { debug = false }: { readonly debug?: boolean }): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageStatus;
  if (debug && error instanceof Error) console.error(`stargrad: ${error.stack ?? error.message}`);
  else console.error(inLines(`stargrad: ${messageOf(error)}`, process.stderr));
  return 1;
}

/** A message, broken between words in a terminal; programs read it as it is. */
export function inLines(
  message: string,
  stream: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  if (!stream.isTTY) return message;
  const lines = message.split("\n").flatMap((line) => wrap(line, stream.columns || 80));
  return lines.join("\n");
}

/** The exit status for a wrong command line. Commander has already printed the message. */
const usageStatus = 2;

function messageOf(error: unknown): string {
  if (error instanceof StargradError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `${message} (unexpected; --debug prints the stack trace)`;
}
