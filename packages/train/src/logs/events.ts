/*
 * The events of TensorBoard as bytes. Numbers of fields are those of its definitions of messages:
 * tensorboard/compat/proto/event.proto, summary.proto, tensor.proto; tensorboard/plugins/hparams/plugin_data.proto.
 */

import { maskedCrc32c } from "./crc32c.js";
import type { Histogram } from "./histogram.js";
import {
  bytesField,
  doubleField,
  doublesField,
  floatField,
  message,
  textField,
  wholeField,
} from "./protobuf.js";

/** A value of hyperparameters. */
export type Hyperparameter = string | number | boolean;

/** A record of a TFRecord file: the length, its checksum, the bytes, their checksum. */
export function recordOf(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(16 + data.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}

/** What a file begins with. `seconds` are since 1970. */
export function versionEvent(seconds: number): Uint8Array {
  return message(doubleField(1, seconds), textField(3, "brain.Event:2"));
}

/** Says that the run starts again at a step: TensorBoard then forgets what it has read for this step and later ones. */
export function restartEvent(seconds: number, step: number): Uint8Array {
  const start = 1;
  return message(doubleField(1, seconds), wholeField(2, step), bytesField(7, wholeField(1, start)));
}

/** An event with values of a step. */
export function summaryEvent(seconds: number, step: number, values: readonly Uint8Array[]): Uint8Array {
  const summary = message(...values.map((value) => bytesField(1, value)));
  // A field of 0 is left out, as every writer does.
  const stepField = step === 0 ? [] : [wholeField(2, step)];
  return message(doubleField(1, seconds), ...stepField, bytesField(5, summary));
}

export function scalarValue(tag: string, value: number): Uint8Array {
  return message(textField(1, tag), floatField(2, value));
}

export function histogramValue(tag: string, histogram: Histogram): Uint8Array {
  const { minimum, maximum, sum, sumOfSquares, limits, counts } = histogram;
  const fields = [minimum, maximum, counts.reduce((all, count) => all + count, 0), sum, sumOfSquares].flatMap(
    (value, i) => (Object.is(value, 0) ? [] : [doubleField(i + 1, value)]),
  );
  const lists = limits.length === 0 ? [] : [doublesField(6, limits), doublesField(7, counts)];
  return message(textField(1, tag), bytesField(5, message(...fields, ...lists)));
}

export interface EncodedImage {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly png: Uint8Array;
}

export function imageValue(tag: string, { height, width, channels, png }: EncodedImage): Uint8Array {
  const image = message(
    wholeField(1, height),
    wholeField(2, width),
    wholeField(3, channels),
    bytesField(4, png),
  );
  return message(textField(1, tag), bytesField(4, image));
}

export function textValue(tag: string, text: string): Uint8Array {
  const [strings, oneElement] = [7, bytesField(2, wholeField(1, 1))];
  const tensor = message(wholeField(1, strings), bytesField(2, oneElement), textField(8, text));
  return message(textField(1, tag), bytesField(8, tensor), bytesField(9, pluginOf("text")));
}

/** The beginning of a run with these hyperparameters. */
export function sessionStartValue(
  hyperparameters: Readonly<Record<string, Hyperparameter>>,
  seconds: number,
): Uint8Array {
  const entries = Object.entries(hyperparameters).map(([name, value]) =>
    bytesField(1, message(textField(1, name), bytesField(2, jsonValue(value)))),
  );
  return sessionValue("session_start_info", bytesField(3, message(...entries, doubleField(5, seconds))));
}

export function sessionEndValue(hasFailed: boolean, seconds: number): Uint8Array {
  const [success, failure] = [1, 2];
  const end = message(wholeField(1, hasFailed ? failure : success), doubleField(2, seconds));
  return sessionValue("session_end_info", bytesField(4, end));
}

/** A value of the plugin for hyperparameters: its data are in the metadata, so its tensor is empty. */
function sessionValue(name: string, data: Uint8Array): Uint8Array {
  const [floats, noElement] = [1, bytesField(2, new Uint8Array(0))];
  const tensor = message(wholeField(1, floats), bytesField(2, noElement));
  return message(
    textField(1, `_hparams_/${name}`),
    bytesField(8, tensor),
    bytesField(9, pluginOf("hparams", data)),
  );
}

/** The metadata that say which plugin of TensorBoard shows a value. */
function pluginOf(name: string, content?: Uint8Array): Uint8Array {
  const fields = content === undefined ? [] : [bytesField(2, content)];
  return bytesField(1, message(textField(1, name), ...fields));
}

/** A `google.protobuf.Value`. */
function jsonValue(value: Hyperparameter): Uint8Array {
  if (typeof value === "number") return doubleField(2, value);
  return typeof value === "string" ? textField(3, value) : wholeField(4, value ? 1 : 0);
}
