/** Writes an event as one line of JSON. With `--json`, nothing else goes to the standard output. */
export function writeJsonLine(event: { readonly event: string; readonly [field: string]: unknown }): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
