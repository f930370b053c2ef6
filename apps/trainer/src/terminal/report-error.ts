import { StargradError } from "@stargrad/tensor";
import { CommanderError } from "commander";

/** Prints an error on the standard error, and returns the exit status of the program. */
export function reportError(error: unknown, { debug = false }: { readonly debug?: boolean }): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageStatus;
  console.error(
    `stargrad: ${debug && error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
  );
  return 1;
}

/** The exit status for a wrong command line. Commander has already printed the message. */
const usageStatus = 2;

function messageOf(error: unknown): string {
  if (error instanceof StargradError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `${message} (unexpected; --debug prints the stack trace)`;
}
