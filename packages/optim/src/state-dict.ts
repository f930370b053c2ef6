import { tensor, type Tensor } from "@stargrad/tensor";

/** The type of an option of an optimizer, which a state dict stores. */
export type Setting = number | boolean | readonly number[];

/** Converts a setting to a tensor, in float64 to keep the exact number. */
export function writeSetting(setting: Setting): Tensor {
  return typeof setting === "boolean" ? tensor(setting) : tensor(setting, { dtype: "float64" });
}

export function readSetting(written: Tensor): Setting {
  if (written.dtype === "bool") return numberIn(written) === 1;
  return written.ndim === 0 ? numberIn(written) : numbersIn(written);
}

/*
 * Tensors from `stateDict` and from files are in host memory, so every engine can read them synchronously. For a tensor that
 * was computed on an asynchronous engine, reading throws an error that tells the caller to await it.
 */

export function numberIn(written: Tensor): number {
  return written.itemSync();
}

export function numbersIn(written: Tensor): number[] {
  return [...written.dataSync()];
}
