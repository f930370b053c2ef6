import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import * as datasets from "@stargrad/datasets";
import { binaryNames, primitiveNames, unaryNames } from "@stargrad/graph";
import { init } from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import * as library from "@stargrad/tensor";
import * as train from "@stargrad/train";
import { describe, expect, it } from "vitest";

import { root } from "./workspace.js";

/*
 * Everything that computes must have a golden case: numbers from PyTorch, NumPy or a published formula, and not from this
 * code. The packages' own tests compare the cases; this test fails if one is missing. Layers and losses have a more detailed
 * table in `packages/nn/scripts/layer-table.ts`.
 */

/** The exports of one kind, and the names in the golden files. */
interface Guard {
  readonly members: readonly string[];
  /** The names that cases are recorded under. */
  readonly covered: Iterable<string>;
  /** The script to add a case to. */
  readonly script: string;
  /** The reasons why members have no case. */
  readonly exceptions: Readonly<Record<string, string>>;
}

/** Members without a case, cases without a member, and unnecessary exceptions. */
function problemsOf({ members, covered, script, exceptions }: Guard): string[] {
  const cases = new Set(covered);
  const isExcepted = (name: string): boolean => Object.hasOwn(exceptions, name);
  return [
    ...members
      .filter((name) => !cases.has(name) && !isExcepted(name))
      .map((name) => `${name} has no golden case; add one to ${script}`),
    ...[...cases]
      .filter((name) => !members.includes(name))
      .map((name) => `${name} has cases, but is not exported`),
    ...Object.keys(exceptions).flatMap((name) => {
      if (!members.includes(name)) return [`${name} is an exception, but is not exported`];
      return cases.has(name)
        ? [`${name} has cases, but also a reason to have none: ${exceptions[name]}`]
        : [];
    }),
  ];
}

/** The functions and classes that a package exports. */
function callable(exported: object): string[] {
  return Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
}

function functionsOf(exported: object): string[] {
  return callable(exported).filter((name) => /^[a-z]/.test(name));
}

function text(file: string): string {
  return readFileSync(join(root, "packages", file), "utf8");
}

/** The values of one field in all lines of a file. */
function namesInLines(file: string, field: string): string[] {
  const lines = text(file).trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as Record<string, string>)[field]);
}

/** The names of lists that are not empty. */
function namesOfLists(lists: Readonly<Record<string, readonly unknown[] | undefined>>): string[] {
  return Object.entries(lists).flatMap(([name, list]) =>
    list === undefined || list.length === 0 ? [] : [name],
  );
}

interface OptimGolden {
  readonly optimizers: { readonly cases: readonly { readonly optimizer: string }[] };
  readonly schedules: {
    readonly cases: readonly { readonly schedule: string }[];
    readonly sequential: readonly number[];
    readonly plateaus: readonly unknown[];
  };
  readonly clip: { readonly byNorm: readonly unknown[]; readonly byValue: readonly unknown[] };
  readonly lbfgs: { readonly cases: readonly unknown[] };
  readonly ema: { readonly cases: readonly unknown[] };
}

function readAll(folder: string): unknown {
  const files = readdirSync(join(root, "packages", folder)).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    files.map((name) => [name.replace(".json", ""), JSON.parse(text(`${folder}/${name}`))] as const),
  );
}

const optimGolden = readAll("optim/golden") as OptimGolden;
const initGolden = JSON.parse(text("nn/golden/init.json")) as Record<
  "initializers" | "exactly" | "numbers",
  readonly { readonly init: string }[]
>;

const metricsGolden = JSON.parse(text("train/golden/metrics.json")) as Record<
  "many" | "two" | "numbers",
  readonly Readonly<Record<string, unknown>>[]
>;

/** The metrics with a value in the golden file: those of many classes, of two, and of numbers. */
function metricsWithCases(): string[] {
  const given = ["logits", "scores", "output", "target", "classes", "columns"];
  const fields = Object.values(metricsGolden).flatMap((cases) =>
    cases.flatMap((each) =>
      Object.keys(each).filter((field) => !given.includes(field) && each[field] !== null),
    ),
  );
  // Being right is to have the class among the one largest logit.
  const named: Readonly<Record<string, readonly string[]>> = {
    matrix: ["confusionMatrix"],
    topK: ["topKAccuracy", "accuracy"],
  };
  return fields.flatMap((field) => named[field] ?? [field]);
}

const state = "keeps and restores states bit for bit, and computes nothing";
const loop = "calls the model of its caller; tests compare it with a plain loop, bit for bit";
const shown = "shows or writes numbers, and computes none that a file could hold";
const settings = "chooses how or where things are computed, and computes nothing";
const drawn =
  "draws by its own rules; the conversion to pixels has cases, and a test learns from the drawings";
const folders = "lists files; what decodes them has cases";
const changes = "takes a function, which no file holds";
const audio = "packages/datasets/golden/audio.json has cases of torch.stft and of Python's module wave";
const tokenizer = "packages/datasets/golden/tokenizer-cases.json has cases of Hugging Face's tokenizers";
const bytesOfFormat = "its tests write the bytes that the page of the format describes";
const parquet = "packages/datasets/golden/parquet has files of pyarrow, and what it reads from them";
const tables = "takes texts apart; tests say what each text means";
const asking = "asks or tells about tensors, and computes nothing";

const elementwise: ReadonlySet<string> = new Set([...unaryNames, ...binaryNames]);

const guards: Readonly<Record<string, Guard>> = {
  primitives: {
    members: primitiveNames,
    covered: namesInLines("graph/golden/primitives.jsonl", "primitive"),
    script: "packages/graph/golden/primitives.py",
    exceptions: {
      scan: "computes what its body says; tests compare it with the plain loop, and recurrent layers with PyTorch",
      scanOutput: "is a part of scan",
    },
  },
  "functions of tensors": {
    members: functionsOf(library),
    // A function that is a primitive by another door has that primitive's cases.
    covered: [
      ...namesInLines("tensor/golden/functions.jsonl", "call"),
      ...namesInLines("graph/golden/primitives.jsonl", "primitive").filter((name) => elementwise.has(name)),
    ],
    script: "packages/tensor/golden/functions.py",
    exceptions: {
      check: "computes nothing new: it fails or hands on what it got; its primitive has cases",
      defaultGenerator: settings,
      formatShape: "writes a shape for people",
      getEngine: settings,
      knownData: asking,
      leavesOf: "takes trees apart, and computes nothing",
      manualSeed: settings,
      mapTree: "takes trees apart, and computes nothing",
      realize: settings,
      sameShape: asking,
      scan: "takes a function, which no file holds; tests compare it with the plain loop, and recurrent layers with PyTorch",
      setEngine: settings,
    },
  },
  initializers: {
    members: callable(init),
    covered: [...initGolden.initializers, ...initGolden.exactly, ...initGolden.numbers].map(
      (each) => each.init,
    ),
    script: "packages/nn/golden/init.py",
    exceptions: {},
  },
  "optimizers and what goes with them": {
    members: callable(optim),
    covered: [
      ...optimGolden.optimizers.cases.map(({ optimizer }) => optimizer),
      ...namesOfLists({
        clipGradNorm: optimGolden.clip.byNorm,
        clipGradValue: optimGolden.clip.byValue,
        EMA: optimGolden.ema.cases,
        LBFGS: optimGolden.lbfgs.cases,
        ReduceOnPlateau: optimGolden.schedules.plateaus,
      }),
    ],
    script: "packages/optim/golden/make.py, or a script of its own there",
    exceptions: {
      Optimizer: "is what optimizers extend, and has no update of its own",
      Scheduler: "hands the factors of schedules, which have cases, to optimizers",
    },
  },
  schedules: {
    members: callable(optim.schedules),
    covered: [
      ...optimGolden.schedules.cases.map(({ schedule }) => schedule),
      ...namesOfLists({ sequential: optimGolden.schedules.sequential }),
    ],
    script: "packages/optim/golden/schedules.py",
    exceptions: {},
  },
  "metrics, and everything else that `train` exports": {
    members: [
      ...callable(train),
      ...Object.entries(train).flatMap(([name, value]) => (value instanceof train.EpochMetric ? [name] : [])),
    ],
    covered: metricsWithCases(),
    script: "packages/train/golden/metrics.py",
    exceptions: {
      CsvLog: shown,
      EpochMetric: "is what metrics of whole epochs are made with, and has no value of its own",
      JsonLinesLog: shown,
      RunFolder: state,
      RunningMean: "is a sum divided by a count; its test compares them",
      SummaryWriter: "packages/train/golden/events.py has its bytes, by TensorBoard's own messages",
      barOf: shown,
      decodeCheckpoint: state,
      encodeCheckpoint: state,
      evaluate: "the tests of the golden metrics compute them with it, in batches",
      findLearningRate: loop,
      fit: loop,
      formatSeconds: shown,
      loadCheckpoint: state,
      paceOf: shown,
      predict: loop,
      readRunFolder: state,
      restoreCheckpoint: state,
      saveCheckpoint: state,
      showProgress: shown,
      trainStep: loop,
    },
  },
  "datasets and transforms": {
    members: callable(datasets),
    covered: namesInLines("datasets/golden/datasets.jsonl", "name"),
    script: "packages/datasets/golden/make.py",
    exceptions: {
      catOrDog: drawn,
      catsAndDogs: drawn,
      ImageFolder: folders,
      cacheDataset: "computes nothing: it keeps what it has read",
      filterDataset: changes,
      itemDataset: "puts items together with collate, which has cases",
      serveDataset: "computes nothing: its batches are compared with those that are made without workers",
      streamBatches: "puts items together with collate, which has cases",
      mapDataset: changes,
      cutmix: "draws from Beta, whose distribution is tested with mixup; a test compares it with the formula",
      mixup: "draws from Beta, whose distribution is tested; a test compares it with the formula",
      stratifiedSplit: "draws by its own rules; tests check the share of every class",
      Table: tables,
      BytePairTokenizer: tokenizer,
      readTokenizer: tokenizer,
      WordPieceTokenizer: tokenizer,
      cifar10: bytesOfFormat,
      downloadDataset: "downloads published files, whose digests are pinned",
      cifar100: bytesOfFormat,
      decodeCifar: bytesOfFormat,
      decodeWav: audio,
      logMelSpectrogram: audio,
      parseJsonLines: tables,
      readJsonLines: tables,
      readWav: audio,
      encodePng: "packages/train/golden/events.py reads a picture that it has written",
      imageFolder: folders,
      readParquet: parquet,
      streamParquet: parquet,
      parseCsv: tables,
      readCsv: tables,
    },
  },
};

describe("golden cases", () => {
  it.each(Object.entries(guards))("exist for all %s", (_, guard) => {
    expect(guard.members.length).toBeGreaterThan(5);
    expect(problemsOf(guard)).toEqual([]);
  });
});

describe("a guard", () => {
  const guard: Guard = { members: ["a", "b"], covered: ["a"], script: "x.py", exceptions: { b: "a reason" } };

  it("passes if each member has a case or a reason", () => {
    expect(problemsOf(guard)).toEqual([]);
  });

  it.each<[string, Partial<Guard>, string]>([
    ["a member without a case", { members: ["a", "b", "c"] }, "c has no golden case; add one to x.py"],
    ["a case without a member", { covered: ["a", "d"] }, "d has cases, but is not exported"],
    ["an outdated reason", { covered: ["a", "b"] }, "b has cases, but also a reason to have none: a reason"],
    [
      "a reason without a member",
      { exceptions: { b: "a reason", e: "another" } },
      "e is an exception, but is not exported",
    ],
  ])("fails for %s", (_, change, problem) => {
    expect(problemsOf({ ...guard, ...change })).toEqual([problem]);
  });
});
