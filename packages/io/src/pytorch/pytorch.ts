import { fromData, type Tensor } from "@stargrad/tensor";

import { calling, expectArgument } from "../arguments.js";
import { describeShape, failing, quote, type Fail } from "../errors.js";
import { readFileBytes } from "../files.js";
import { mostKeys } from "../header-json.js";
import { decodeUtf8 } from "../utf8.js";
import { readZip, unzip, type ZipEntry } from "../zip/read-zip.js";
import {
  PickledDictionary,
  PickledList,
  PickledTuple,
  PythonCall,
  readPickle,
  type Pickled,
} from "./pickle.js";
import { StorageReader } from "./storage.js";

/** The content of a file of PyTorch's. */
export interface PyTorchFile {
  /**
   * Tensors by name. Names of dictionaries and places of lists are joined by dots: `model.0.weight`. A file that holds one tensor has
   * it by the name `""`.
   */
  readonly tensors: Map<string, Tensor>;
  /** Everything else, by name: an epoch, a learning rate, a text. */
  readonly values: Map<string, number | string | boolean | null>;
}

/**
 * Reads what `torch.save` writes since PyTorch 1.6: a state dictionary, or a checkpoint of dictionaries, lists, tensors, numbers and texts.
 * **Nothing of the file is executed**: a file that needs a class of Python is refused.
 *
 * Element types are converted as by {@link decodeSafetensors}; int8, uint8 and int16 become int32. A tensor that is a view of a larger one
 * is read as its own.
 *
 * Throws: FormatError for a damaged file, for other objects, and for tensors that are sparse, quantized or complex
 * Source: PyTorch's notes on serialization, torch/serialization.py
 */
export async function decodePyTorch(bytes: Uint8Array): Promise<PyTorchFile> {
  return decode("decodePyTorch", bytes);
}

/**
 * Reads a file of PyTorch's, as {@link decodePyTorch} does.
 *
 * Throws: FormatError naming the file and the tensor; StargradError if the file cannot be read
 */
export async function readPyTorch(path: string): Promise<PyTorchFile> {
  const called = calling("readPyTorch", path);
  return decode(called, await readFileBytes(path, called));
}

const saveStateDictionary = "Save the numbers alone: torch.save(model.state_dict(), path)";

/** No checkpoint nests deeper. */
const deepest = 32;

async function decode(called: string, bytes: Uint8Array): Promise<PyTorchFile> {
  expectArgument(called, "bytes", bytes);
  const fail = failing(called);
  if (bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw fail(
      "is no zip archive, which PyTorch writes since version 1.6",
      "Load it in a newer PyTorch, and save it again: torch.save(torch.load(old), path)",
    );
  }
  const files = readZip(bytes, fail);
  const root = await rootOf(files, fail);
  const pickle = found(files, `${root}data.pkl`, fail);
  const content = readPickle(await unzip(pickle, fail), fail);
  const reader = new StorageReader((key) => unzip(found(files, `${root}data/${key}`, fail), fail));
  const file: PyTorchFile = { tensors: new Map(), values: new Map() };
  for (const [name, value] of leavesOf(content, fail)) {
    const failLeaf: Fail = (problem, hint) =>
      fail(name === "" ? problem : `${quote(name)}: ${problem}`, hint);
    if (file.tensors.has(name) || file.values.has(name)) throw failLeaf("there are two of this name");
    if (value instanceof PythonCall) file.tensors.set(name, await readTensor(value, reader, failLeaf));
    else if (isPlain(value)) file.values.set(name, value);
    else
      throw failLeaf("is neither a tensor nor a number, a text, a list or a dictionary", saveStateDictionary);
  }
  return file;
}

/** The folder of the archive in which everything is. */
async function rootOf(files: ReadonlyMap<string, ZipEntry>, fail: Fail): Promise<string> {
  const pickles = [...files.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) throw fail("is a zip archive, but none of PyTorch's: it has no data.pkl");
  const root = pickles[0].slice(0, -"data.pkl".length);
  if (files.has(`${root}constants.pkl`)) throw fail("is a program of TorchScript", saveStateDictionary);
  const order = files.get(`${root}byteorder`);
  const text = order === undefined ? "little" : decodeUtf8(await unzip(order, fail));
  if (text !== "little") throw fail(`its bytes are in the order ${quote(text ?? "")}; expected little`);
  return root;
}

function found(files: ReadonlyMap<string, ZipEntry>, name: string, fail: Fail): ZipEntry {
  const entry = files.get(name);
  if (entry === undefined) throw fail(`has no file ${quote(name)}`);
  return entry;
}

/** What is in dictionaries and lists, with their names. */
function* leavesOf(
  value: Pickled,
  fail: Fail,
  name = "",
  depth = 0,
  count = { left: mostKeys },
): Generator<[name: string, value: Pickled]> {
  // Containers too: one that is referred to again and again would make more of them than there is time.
  if (count.left-- === 0) throw fail(`has more than ${mostKeys} values`);
  const items = itemsOf(value);
  if (items === null) {
    yield [name, value];
    return;
  }
  if (depth === deepest) throw fail(`${quote(name)}: nests deeper than ${deepest} levels`);
  for (const [key, item] of items) {
    yield* leavesOf(item, fail, name === "" ? String(key) : `${name}.${key}`, depth + 1, count);
  }
}

function itemsOf(value: Pickled): Iterable<[string | number, Pickled]> | null {
  if (value instanceof PickledDictionary) return value.items;
  if (value instanceof PickledList || value instanceof PickledTuple) return value.items.entries();
  return null;
}

function isPlain(value: Pickled): value is number | string | boolean | null {
  return value === null || ["number", "string", "boolean"].includes(typeof value);
}

/** The calls that make a tensor, as PyTorch writes them. */
async function readTensor(call: PythonCall, reader: StorageReader, fail: Fail): Promise<Tensor> {
  const { name, args } = call;
  if (name === "torch._utils._rebuild_parameter" && args[0] instanceof PythonCall) {
    return readTensor(args[0], reader, fail);
  }
  if (name !== "torch._utils._rebuild_tensor_v2") {
    throw fail(`is an object of Python, made by ${quote(name)}`, saveStateDictionary);
  }
  const [storage, offset, shape, strides] = args;
  const view = {
    offset: countOf(offset, fail),
    shape: countsOf(shape, fail),
    strides: countsOf(strides, fail),
  };
  if (view.shape.length !== view.strides.length) {
    throw fail(`has the shape ${describeShape(view.shape)}, and strides of ${view.strides.length} axes`);
  }
  return fromData(await reader.read(storage, view, fail), view.shape);
}

function countOf(value: Pickled, fail: Fail): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw fail("its place or shape is not of whole numbers");
}

function countsOf(value: Pickled, fail: Fail): number[] {
  if (!(value instanceof PickledTuple)) throw fail("its shape is no tuple");
  return value.items.map((item) => countOf(item, fail));
}
