import type { Parcel } from "./parcel.js";
import type { SentError } from "./sent-error.js";

// What a loader and its workers write to each other. Every message has the field `stargrad`, because the module of a worker may also send
// messages of its own.

/** From the loader. `start` is the answer to `hello`, because some browsers drop messages that arrive before a worker listens. */
export type Order =
  | { readonly stargrad: "start"; readonly data: Parcel }
  | {
      readonly stargrad: "make";
      readonly number: number;
      readonly indices: Int32Array;
      readonly epoch: number;
    };

/** From a worker. */
export type Report =
  | { readonly stargrad: "hello"; readonly version: string }
  | { readonly stargrad: "ready"; readonly length: number }
  | { readonly stargrad: "unable"; readonly error: SentError }
  | { readonly stargrad: "made"; readonly number: number; readonly batch: Parcel }
  | { readonly stargrad: "failed"; readonly number: number; readonly error: SentError };

/** Whether it is a message of a loader or of a worker, and not of a user. */
export function isMessage(data: unknown): data is Order | Report {
  return typeof (Object(data) as Partial<Order>).stargrad === "string";
}
