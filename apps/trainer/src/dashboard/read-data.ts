import { imageFolder, readCsv, readIdx, type NamedBlob, type Table } from "@stargrad/datasets";
import { decodeNpy } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";

import type { Data } from "./data.js";

/** A file that was dropped or chosen, and its path from the folder that was. */
export interface GivenFile {
  readonly path: string;
  readonly file: File;
}

const mostClasses = 60;
const mostValues = 400_000_000;
/** The size of the pictures of a folder, which are scaled to it. */
const pictureSize = 32;

const called = "These files";
const refuse = (problem: string, hint?: string): StargradError => new StargradError(called, problem, hint);

/**
 * Reads what was dropped: IDX files (also gzipped), npy files, a table, or a folder of pictures.
 *
 * `target`: the column of a table to predict. Default: the last one with few different values
 *
 * Throws: StargradError, with a sentence for whoever dropped it
 */
export async function readData(files: readonly GivenFile[], target?: string): Promise<Data> {
  const seen = files.filter(({ path }) => !/(^|\/)\./.test(path));
  if (seen.length === 0) throw refuse("there is no file");
  const has = (ending: RegExp): boolean => seen.some(({ path }) => ending.test(path));
  if (has(/\.(png|jpe?g)$/i)) return fromPictures(seen);
  if (has(/\.(csv|tsv|txt)$/i)) {
    if (seen.length > 1)
      throw refuse(`got ${seen.length} files, a table among them; expected one table alone`);
    return fromTable(seen[0].file, target);
  }
  if (seen.length > 8)
    throw refuse(`got ${seen.length} files; expected pictures in a folder, or at most 8 arrays`);
  return fromArrays(await Promise.all(seen.map(readArray)));
}

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

async function readArray({ file }: GivenFile): Promise<Named> {
  const { name } = file;
  if (!/\.npy$/i.test(name)) return { name, ...(await readIdx(file)) };
  const array = decodeNpy(new Uint8Array(await file.arrayBuffer()));
  return { name, shape: array.shape, data: await array.data() };
}

/** Inputs and the labels that belong to them. */
interface Pair {
  readonly inputs: Named;
  readonly labels: Named;
}

function fromArrays(arrays: readonly Named[]): Data {
  const isLabels = ({ shape }: Named): boolean => shape.slice(1).every((axis) => axis === 1);
  const labels = arrays.filter(isLabels);
  const pairs = arrays
    .filter((array) => !isLabels(array))
    .map((inputs) => ({ inputs, labels: labelsOf(inputs, labels) }));
  if (pairs.length === 0) {
    throw refuse(
      "hold no array of examples, only labels",
      "Give the pictures and their labels together, such as train-images-idx3-ubyte and train-labels-idx1-ubyte",
    );
  }
  if (pairs.length > 2)
    throw refuse(`hold ${pairs.length} arrays of examples; expected one, or one to train on and one to test`);
  // The one to test on says so in its name, or is the smaller one.
  const isTest = ({ inputs }: Pair): number => (/t10k|test|val|held/i.test(inputs.name) ? 1 : 0);
  pairs.sort((a, b) => isTest(a) - isTest(b) || b.inputs.shape[0] - a.inputs.shape[0]);
  const [first, second] = pairs as [Pair, Pair?];
  const row = first.inputs.shape.slice(1);
  if (second !== undefined && second.inputs.shape.slice(1).join() !== row.join()) {
    throw refuse(
      `hold examples of two shapes: [${row.join(", ")}] in ${first.inputs.name}, [${second.inputs.shape.slice(1).join(", ")}] in ${second.inputs.name}`,
    );
  }
  const what = row.length === 1 ? "row" : "picture";
  if (row.length > 3)
    throw refuse(`hold examples of ${row.length} axes; expected pictures or rows of numbers`);
  const numbers = pairs.map(({ labels: { name, data } }) => wholeNumbers(name, data)).reduce(joined);
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  const shape = row.length === 2 ? [1, ...row] : row;
  return checked({
    name: pairs.map(({ inputs }) => inputs.name).join(" and "),
    what,
    shape,
    features: what === "row" ? Array.from({ length: row[0] }, (_, i) => `feature ${i + 1}`) : [],
    values: joinedValues(
      pairs.map(({ inputs }) => inputs),
      what,
    ),
    labels: new Int32Array(numbers.map((number) => distinct.indexOf(number))),
    classes: distinct.map(String),
    heldOutFrom: second === undefined ? null : first.inputs.shape[0],
    notes: second === undefined ? [] : [`${second.inputs.name} is held out, as its name says`],
  });
}

/** The labels with as many items, and among those the ones with the most similar name. */
function labelsOf({ name, shape: [count] }: Named, labels: readonly Named[]): Named {
  const fitting = labels.filter(({ shape }) => shape[0] === count);
  const alike = (other: Named): number => {
    let same = 0;
    while (same < name.length && other.name[same] === name[same]) same++;
    return same;
  };
  const best = [...fitting].sort((a, b) => alike(b) - alike(a))[0] as Named | undefined;
  if (best !== undefined) return best;
  const lengths = labels.map((label) => `${label.name} has ${label.shape[0]}`).join(", ");
  throw refuse(
    `hold ${count} examples in ${name}, and no labels for them${lengths === "" ? "" : `: ${lengths}`}`,
    "Drop a file with one label for each example beside it",
  );
}

function wholeNumbers(name: string, data: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(data);
  const wrong = numbers.find((number) => !Number.isSafeInteger(number));
  if (wrong === undefined) return numbers;
  throw refuse(`hold the label ${wrong} in ${name}; expected whole numbers, one for each class`);
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.from([...a, ...b]);
}

/** All values one after the other; as bytes if they are the bytes of pictures. */
function joinedValues(arrays: readonly Named[], what: Data["what"]): Data["values"] {
  const length = arrays.reduce((sum, { data }) => sum + data.length, 0);
  if (length > mostValues) throw refuse(`hold ${length} numbers; this page reads at most ${mostValues}`);
  const isByte = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 255;
  const areBytes =
    what === "picture" &&
    arrays.every(
      ({ data }) => data instanceof Uint8Array || (data instanceof Int32Array && data.every(isByte)),
    );
  const values = areBytes ? new Uint8Array(length) : new Float32Array(length);
  let at = 0;
  for (const { data } of arrays) {
    values.set(data, at);
    at += data.length;
  }
  return values;
}

async function fromPictures(files: readonly GivenFile[]): Promise<Data> {
  for (const { path, file } of files) Object.defineProperty(file, "webkitRelativePath", { value: path });
  const folder = await imageFolder(
    // A `File` is a `NamedBlob` once it has its path, which the line above gives to it.
    files.map(({ file }) => file as unknown as NamedBlob),
    { size: pictureSize },
  );
  if (folder.length * 3 * pictureSize ** 2 > mostValues)
    throw refuse(`hold ${folder.length} pictures, which are too many`);
  const { x, y } = (await folder.load()).all();
  const left = files.length - folder.length;
  return checked({
    name: files[0].path.split("/")[0],
    what: "picture",
    shape: x.shape.slice(1),
    features: [],
    values: new Uint8Array(x.dataSync().map((value) => Math.round(255 * value))),
    labels: Int32Array.from(y.dataSync()),
    classes: folder.classes,
    heldOutFrom: null,
    notes: [
      `scaled to ${pictureSize} × ${pictureSize} pixels`,
      ...(left === 0 ? [] : [`${left} other ${left === 1 ? "file was" : "files were"} left out`]),
    ],
  });
}

async function fromTable(file: File, wanted?: string): Promise<Data> {
  const all = await readCsv(file);
  const targets = all.columns
    .filter((column) => classesOf(all, column.name) !== null)
    .map(({ name }) => name);
  const target = wanted ?? targets.at(-1);
  if (target === undefined || !targets.includes(target)) {
    const named = wanted === undefined ? "" : ` named “${wanted}”`;
    throw refuse(
      `hold no column${named} with 2 to ${mostClasses} different values, which could be the classes`,
      wanted === undefined
        ? "Add a column that names them"
        : `Expected one of ${targets.join(", ") || "none"}`,
    );
  }
  const isInput = (column: Table["columns"][number]): boolean =>
    column.type === "number" || (column.type === "category" && column.categories.length <= mostClasses);
  const inputs = all.columns.filter((column) => column.name !== target && isInput(column));
  if (inputs.length === 0) throw refuse(`hold no column of numbers or categories beside “${target}”`);
  const names = inputs.map(({ name }) => name);
  const table = all.withoutMissing([...names, target]);
  if (table.length === 0) throw refuse("hold no row without a missing value");
  const classes = classesOf(table, target) ?? [];
  const column = table.column(target);
  const labels = Array.from(column.values as ArrayLike<number>, (value) =>
    column.type === "category" ? classes.indexOf(column.categories[value]) : classes.indexOf(String(value)),
  );
  // Any column of numbers serves as the target here; only the inputs are read.
  const { x } = table.dataset({ target, inputs: names }).all();
  const others = all.columns.length - inputs.length - 1;
  return checked({
    name: file.name,
    what: "row",
    shape: x.shape.slice(1),
    features: inputs.flatMap((input) =>
      input.type === "category"
        ? input.categories.map((category) => `${input.name}: ${category}`)
        : [input.name],
    ),
    inputs: inputs.map((input) => ({
      name: input.name,
      categories: input.type === "category" ? input.categories : null,
    })),
    values: Float32Array.from(x.dataSync()),
    labels: Int32Array.from(labels),
    classes,
    heldOutFrom: null,
    targets,
    target,
    notes: [
      ...(others === 0
        ? []
        : [`${others} ${others === 1 ? "column" : "columns"} of texts or dates left out`]),
      ...(table.length === all.length
        ? []
        : [`${all.length - table.length} rows with missing values left out`]),
    ],
  });
}

/** The classes that a column names; null if it names none, or too many. */
function classesOf(table: Table, name: string): string[] | null {
  const column = table.column(name);
  if (column.type !== "category" && column.type !== "number") return null;
  const values = [...new Set(column.values)].filter(
    (value) => !Number.isNaN(value) && (column.type === "number" || value >= 0),
  );
  if (values.length < 2 || values.length > mostClasses || !values.every(Number.isInteger)) return null;
  values.sort((a, b) => a - b);
  return column.type === "category" ? values.map((value) => column.categories[value]) : values.map(String);
}

/** Throws: StargradError unless there is something to learn */
function checked(data: Data): Data {
  const { classes, labels, values } = data;
  if (classes.length < 2)
    throw refuse(
      `hold ${classes.length === 0 ? "no class" : `one class, ${classes[0]}`}; expected two or more`,
    );
  if (classes.length > mostClasses)
    throw refuse(`hold ${classes.length} classes; at most ${mostClasses} can be told apart`);
  if (labels.length < 10) throw refuse(`hold ${labels.length} examples; expected at least 10`);
  if (data.shape.includes(0)) throw refuse("hold examples without a single number");
  const wrong = values instanceof Float32Array ? values.findIndex((value) => !Number.isFinite(value)) : -1;
  if (wrong >= 0) throw refuse(`hold a number that is ${values[wrong]}`);
  return data;
}
