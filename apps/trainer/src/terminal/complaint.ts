import { StargradError } from "@stargrad/tensor";
import { CommanderError } from "commander";

/** Says on the standard error what went wrong, and returns the status the program should end with. */
export function complain(error: unknown, { debug = false }: { readonly debug?: boolean }): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageStatus;
  console.error(
    `stargrad: ${debug && error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
  );
  return 1;
}

/** A command that was not understood; commander has said so already. */
const usageStatus = 2;

function messageOf(error: unknown): string {
  if (error instanceof StargradError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return `${message} (unexpected; --debug shows where)`;
}
