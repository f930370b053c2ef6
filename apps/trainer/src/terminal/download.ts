import { downloadDataset, type NamedSet } from "@stargrad/datasets";

import { ProgressBar } from "./progress-bar.js";
import { interrupted, StopSignal } from "./stop-signal.js";

/**
 * The folder of a set, which is downloaded if it is not in the cache. Says so, with a bar in a terminal, on the error output. After
 * Ctrl-C, the next call goes on.
 */
export async function downloadWithBar(name: NamedSet): Promise<string> {
  const stream = process.stderr;
  const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;
  /** One, as soon as something arrives. */
  const bars: ProgressBar[] = [];
  const said = { beginning: false };
  const clear = (): void => {
    for (const bar of bars) bar.pause();
  };
  const end = (): void => {
    clear();
    stream.write(`Stopped. The next call goes on with what has arrived of ${name}.\n`);
    process.exit(interrupted);
  };
  const stop = new StopSignal({ pressed: end, restore: end });
  try {
    const folder = await downloadDataset(name, {
      progress: ({ file, received, total }) => {
        if (!said.beginning) stream.write(`Downloading ${name}, ${megabytes(total)} MB.\n`);
        said.beginning = true;
        if (!stream.isTTY) return;
        if (bars.length === 0)
          bars.push(new ProgressBar(stream, "{file} {bar} {value} of {total} MB, {eta_formatted} left"));
        void bars[0].advance(megabytes(received), megabytes(total), { file });
      },
    });
    clear();
    if (said.beginning) stream.write(`It is in ${folder}, for the next time.\n`);
    return folder;
  } finally {
    clear();
    stop.close();
  }
}
