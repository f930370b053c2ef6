import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { decodePyTorch, FormatError, readPyTorch } from "../index.js";
import { readZip, unzip } from "../zip/read-zip.js";
import { writeZip } from "../zip/write-zip.js";

const golden = (name: string) => readFile(new URL(`../../golden/${name}.pt`, import.meta.url));

const shown = (value: Tensor | undefined) => value && [value.dtype, value.shape, value.toArraySync()];

/** What `make.py` calls numbers. */
const rows = (count: number, columns: number) =>
  Array.from({ length: count }, (_, i) => Array.from({ length: columns }, (_, j) => i * columns + j));

const stateDictionary = {
  "0.weight": ["float32", [2, 3], rows(2, 3)],
  "0.bias": ["float32", [2], [0, 1]],
  "1.weight": ["float32", [2], [0, 1]],
  "1.bias": ["float32", [2], [0, 1]],
  "1.running_mean": ["float32", [2], [0, 0]],
  "1.running_var": ["float32", [2], [1, 1]],
  "1.num_batches_tracked": ["int32", [], 0],
};

describe("files of PyTorch", () => {
  it.each(["state-dict", "protocol-4"])("are read: %s", async (name) => {
    const { tensors, values } = await decodePyTorch(await golden(name));
    expect(Object.fromEntries([...tensors].map(([key, value]) => [key, shown(value)]))).toEqual(
      stateDictionary,
    );
    expect(values.size).toBe(0);
  });

  it("may be checkpoints: dictionaries, lists, numbers and texts", async () => {
    const { tensors, values } = await decodePyTorch(await golden("checkpoint"));
    const get = (name: string) => values.get(name);
    expect(["epoch", "loss", "name", "best", "finished", "count", "negative"].map(get)).toEqual([
      3,
      0.125,
      "a model 🌟",
      null,
      false,
      2 ** 40,
      -5,
    ]);
    expect(get("optimizer.param_groups.0.lr")).toBe(0.25);
    expect(get("optimizer.param_groups.0.betas.1")).toBe(0.999);
    expect(shown(tensors.get("model.a"))).toEqual(["float32", [2, 2], rows(2, 2)]);
    expect(shown(tensors.get("model.b"))).toEqual(shown(tensors.get("model.a")));
    expect(shown(tensors.get("list.0"))).toEqual(["float32", [1], [0]]);
    expect(shown(tensors.get("list.1.0"))).toEqual(["float32", [2], [0, 1]]);
    expect(shown(tensors.get("optimizer.state.1.exp_avg"))).toEqual(["float32", [2], [2, 2]]);
    expect(shown(tensors.get("optimizer.state.0.step"))).toEqual(["float32", [], 1]);
  });

  it("have elements of every type that Stargrad can hold", async () => {
    const { tensors } = await decodePyTorch(await golden("dtypes"));
    const types = Object.fromEntries([...tensors].map(([name, { dtype }]) => [name, dtype]));
    expect(types).toEqual({
      bool: "bool",
      int8: "int32",
      uint8: "int32",
      int16: "int32",
      int32: "int32",
      int64: "int32",
      float16: "float32",
      bfloat16: "float32",
      float32: "float32",
      float64: "float64",
    });
    for (const [name, value] of tensors) {
      const expected =
        name === "bool"
          ? [
              [false, true, true],
              [true, true, true],
            ]
          : rows(2, 3);
      expect(value.toArraySync()).toEqual(expected);
    }
  });

  it("have tensors that are views of others", async () => {
    const { tensors } = await decodePyTorch(await golden("views"));
    const whole = rows(4, 6);
    const get = (name: string) => tensors.get(name)?.toArraySync();
    expect(get("whole")).toEqual(whole);
    expect(get("transposed")).toEqual(Array.from({ length: 6 }, (_, j) => whole.map((row) => row[j])));
    expect(get("part")).toEqual(whole.slice(1, 3).map((row) => row.slice(2, 5)));
    expect(get("every second")).toEqual([0, 2].map((i) => [0, 3].map((j) => whole[i][j])));
    expect(get("expanded")).toEqual(Array(4).fill([0, 1, 2]));
    expect(get("scalar")).toBe(7);
    expect(tensors.get("empty")?.shape).toEqual([0, 4]);
    expect(get("permuted")).toEqual(
      [0, 1, 2, 3].map((k) => [0, 1].map((i) => [0, 1, 2].map((j) => 12 * i + 4 * j + k))),
    );
  });

  it("may hold one tensor", async () => {
    const { tensors } = await decodePyTorch(await golden("tensor"));
    expect([...tensors.keys()]).toEqual([""]);
    expect(tensors.get("")?.toArraySync()).toEqual([0, 1, 2]);
  });

  it.each([
    ["model", 'is an object of Python, made by "torch.nn.modules.container.Sequential"'],
    ["sparse", '"sparse": is an object of Python, made by "torch._utils._rebuild_sparse_tensor"'],
    ["complex", 'cannot read elements of "torch.ComplexFloatStorage"'],
    ["harmful", '"harmful": is an object of Python, made by "__builtin__.print"'],
  ])("are refused, and nothing of them is run: %s", async (name, message) => {
    await expect(decodePyTorch(await golden(name))).rejects.toThrow(message);
    await expect(decodePyTorch(await golden(name))).rejects.toThrow(FormatError);
  });

  it("are read by path, and named in errors", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stargrad-pytorch-"));
    try {
      const path = join(folder, "model.pt");
      await writeFile(path, await golden("state-dict"));
      expect((await readPyTorch(path)).tensors.size).toBe(7);
      await writeFile(path, (await golden("state-dict")).subarray(0, 900));
      await expect(readPyTorch(path)).rejects.toThrow(`readPyTorch(${path}): has no end of a zip archive`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** A file with another pickle, or other files, than `tensor.pt` has. */
async function forged(
  pickle: Uint8Array | null,
  others: Record<string, Uint8Array | null> = {},
): Promise<Uint8Array> {
  const fail = (problem: string) => new FormatError("test", problem);
  const files = new Map<string, Uint8Array>();
  for (const [name, entry] of readZip(await golden("tensor"), fail))
    files.set(name, await unzip(entry, fail));
  if (pickle !== null) files.set("tensor/data.pkl", pickle);
  for (const [name, bytes] of Object.entries(others)) {
    if (bytes === null) files.delete(name);
    else files.set(name, bytes);
  }
  return writeZip(files);
}

const bytesOf = (...parts: (number | string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : part)),
  );

describe("a forged file", () => {
  const proto = [0x80, 2];
  const refused = async (pickle: Uint8Array, message: string) => {
    await expect(decodePyTorch(await forged(pickle))).rejects.toThrow(message);
  };

  it("is refused if its pickle is malformed", async () => {
    await refused(bytesOf(proto, "}"), "is cut off");
    await refused(bytesOf(proto, "."), "takes a value that is not there");
    await refused(bytesOf(proto, "NN."), "leaves values behind");
    await refused(bytesOf(proto, "N.N"), "goes on after its end");
    await refused(bytesOf([0x80, 1], "N."), "protocol 1");
    await refused(bytesOf(proto, "e."), "takes a value that is not there");
    await refused(bytesOf(proto, "h", 5, "."), "the place 5 of its memory");
    await refused(bytesOf(proto, "}(NNu."), "neither a text nor a number");
    await refused(bytesOf(proto, "}(K", 1, "u."), "a key without a value");
    await refused(bytesOf(proto, "Nb."), "takes a value that is not there");
    await refused(bytesOf(proto, "]Nb."), "sets attributes of an object of Python");
    await refused(bytesOf(proto, "N)R."), "no name of Python");
    await refused(bytesOf(proto, "X", [255, 255, 255, 127], "a."), "is cut off");
    await refused(bytesOf(proto, [0x8a, 9], new Array<number>(8).fill(255), 0, "."), "cannot hold exactly");
    await refused(bytesOf(proto, "i."), "the instruction 0x69");
  });

  it("is refused if it calls Python, in whatever way", async () => {
    await refused(bytesOf(proto, "cos\nsystem\nX", [2, 0, 0, 0], "ls", 0x85, "R."), 'made by "os.system"');
    await refused(
      bytesOf(proto, "ccollections\nOrderedDict\ncos\nsystem\n", 0x85, "R."),
      "in a way that is not read",
    );
    await refused(bytesOf(proto, "cos\nsystem\n."), "is neither a tensor nor a number");
  });

  it("is refused if it refers to itself, or makes much of little", async () => {
    await refused(bytesOf(proto, "]q", 0, "h", 0, "a."), "nests deeper than 32 levels");
    // A list of two references to a list of two references to … an empty one.
    const levels = Array.from({ length: 30 }, (_, i) => [...bytesOf("](h", i, "h", i, "eq", i + 1)]);
    await refused(bytesOf(proto, "(]q", 0, ...levels, "t."), "has more than 131072 values");
  });

  it("is refused if its parts do not fit each other", async () => {
    const with_ = async (others: Record<string, Uint8Array | null>, message: string) => {
      await expect(decodePyTorch(await forged(null, others))).rejects.toThrow(message);
    };
    await with_({ "tensor/data/0": null }, 'has no file "tensor/data/0"');
    await with_({ "tensor/data/0": new Uint8Array(8) }, "should have 12 bytes, and has 8");
    await with_({ "tensor/byteorder": bytesOf("big") }, "in the order");
    await with_({ "tensor/data.pkl": null }, "none of PyTorch's");
    await with_({ "tensor/constants.pkl": bytesOf("") }, "is a program of TorchScript");
    // What PyTorch wrote until 1.5 begins with a pickled number.
    await expect(decodePyTorch(bytesOf(proto, [0x8a, 10]))).rejects.toThrow(
      "PyTorch writes since version 1.6",
    );
  });

  it("never crashes or hangs, whatever is changed in a file", async () => {
    const names = ["state-dict", "checkpoint", "views", "dtypes", "harmful", "protocol-4"];
    const files = await Promise.all(names.map(golden));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(names.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (which, changes) => {
          const bytes = Uint8Array.from(files[which]);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          await decodePyTorch(bytes).catch((error: unknown) => {
            expect(error).toBeInstanceOf(FormatError);
          });
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("never crashes or hangs, whatever is changed in its pickle", async () => {
    const fail = (problem: string) => new FormatError("test", problem);
    const pickles = await Promise.all(
      ["tensor", "state-dict", "checkpoint", "views"].map(async (name) => {
        const files = readZip(await golden(name), fail);
        return unzip(files.get(`${name}/data.pkl`)!, fail);
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.nat(pickles.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (which, changes) => {
          const bytes = Uint8Array.from(pickles[which]);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          await decodePyTorch(await forged(bytes)).catch((error: unknown) => {
            expect(error).toBeInstanceOf(FormatError);
          });
        },
      ),
      { numRuns: 1000 },
    );
  });
});
