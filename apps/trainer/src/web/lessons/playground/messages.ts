import type { Proof } from "@stargrad/explain";

import type { Failure } from "../../../playground/runs.js";
import type { LinkName, PlayScene } from "../../../playground/scene.js";
import type { OwnPoint, PlaySettings } from "../../../playground/settings.js";
import type { PaceQuestions } from "../../run/going.js";
import type { FileChoice, FileColumns } from "../../../playground/table.js";

// What the page of the playground asks its worker. `run` is a number that the page chooses.

interface OfTry {
  readonly run: number;
  readonly try: number;
}

export type PlayQuestions = PaceQuestions & {
  /** Begins a run, or a fork of one. Its tries arrive as events. */
  open: {
    ask: { readonly run: number; readonly settings: PlaySettings; readonly from?: OfTry };
    answer: null;
  };
  /** Lets a run make more tries, beyond those that it has been asked for. */
  more: { ask: { readonly run: number; readonly by?: number }; answer: null };
  /** The numbers of a try, computed again; with the way of one point through the network, by default the worst one. */
  look: { ask: OfTry & { readonly point: number | null }; answer: PlayScene };
  prove: { ask: OfTry & { readonly link: LinkName }; answer: Proof };
  /** The bytes of the weights at the beginning of a try, as recorded when it was made. */
  recorded: { ask: OfTry; answer: string };
  /** The network of a try as a file. */
  safetensors: { ask: OfTry; answer: Uint8Array<ArrayBuffer> };
  /** Reads a file: what there is to choose from. */
  file: { ask: { readonly file: File }; answer: FileColumns };
  /** The points of the file that was read last. */
  points: { ask: FileChoice; answer: readonly OwnPoint[] };
};

/** New tries of a run. */
export interface Progress {
  readonly run: number;
  /** The number of the first try in `scores`. */
  readonly first: number;
  /** Four numbers a try: mistake, the held-out one (NaN if there is none), and how many points of each are right. */
  readonly scores: Float64Array<ArrayBuffer>;
  readonly failure: Failure | null;
  /** Whether the run has made all tries that it was asked for. */
  readonly isDone: boolean;
}
