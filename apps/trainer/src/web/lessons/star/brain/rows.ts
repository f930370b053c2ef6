import type { KnobProof, Scene } from "../../../../star/brain/scene.js";
import { nameOf, neuronOf, size } from "../../../../star/brain/sizes.js";
import { blameNote, blameText } from "../../../../words/blame.js";
import { decimal, percent, roughly, short, signed } from "../../../../words/numbers.js";
import type { KnobRow } from "../../../parts/knob-row.js";
import type { StageId } from "../../../stages.js";
import type { RowList } from "../rows.js";

export function rowsOf(
  scene: Scene,
  stage: StageId,
  neuron: string,
  proofs: ReadonlyMap<string, KnobProof>,
): RowList {
  if (stage === "goal") return layerRows(scene);
  if (stage === "mistake") return squareRows(scene);
  const into = scene.knobs
    .map((knob, index) => ({ knob, index }))
    .filter(({ knob }) => neuronOf(knob.id) === neuron);
  const name = (id: string): string => (id.startsWith("1-") ? "bias" : nameOf(id));
  const title = `${into.length} knobs into ${neuron}`;
  const { step } = scene;
  if (stage === "blame") {
    const most = largest(scene.knobs.map(({ blame }) => blame));
    const proved = into.filter(({ knob }) => proofs.has(knob.id)).length === into.length;
    return {
      title,
      note: proved
        ? "Purple: blame, from one walk back. Black: the slope, measured by wiggling each knob."
        : blameNote,
      heads: ["knob", proved ? "slope" : "now", "▼ 0 ▲", "blame"],
      isLean: true,
      rows: into.map(({ knob: { id, now, blame } }) => {
        const proof = proofs.get(id);
        return {
          id,
          name: name(id),
          value: proved && proof !== undefined ? signed(proof.slope) : decimal(now),
          bars: [
            ...(blame === 0 ? [] : [{ part: -blame / most, kind: "blame" as const }]),
            ...(proof === undefined ? [] : [{ part: -proof.slope / most, kind: "slope" as const }]),
          ],
          isFromLeft: false,
          number: blameText(blame, 4),
          tone: "blamed" as const,
        };
      }),
    };
  }
  if (stage === "adjust" && step !== null) {
    const most = largest(step.turns.map(({ promise }) => promise));
    return {
      title,
      note: "How far each turns. Hatched: what the turn promises.",
      heads: ["knob", "turn", "▼ 0 ▲", "promise"],
      isLean: false,
      rows: into.map(({ knob: { id }, index }) => ({
        id,
        name: name(id),
        value: signed(step.turns[index].turn),
        bars: [{ part: step.turns[index].promise / most, kind: "promise" as const }],
        isFromLeft: false,
        number: roughly(step.turns[index].promise, 5),
      })),
    };
  }
  if (stage === "again" && step !== null) {
    const most = largest(step.turns.flatMap(({ promise, paid }) => [promise, paid]));
    return {
      title: `Promise and paid: into ${neuron}`,
      note: "Hatched: promised. Solid: ▲ helped, ▼ hurt. Largest promise first.",
      heads: ["knob", "promise", "▼ 0 ▲", "paid"],
      isLean: true,
      rows: into
        .sort((one, other) => step.turns[other.index].promise - step.turns[one.index].promise)
        .map(({ knob: { id }, index }): KnobRow => {
          const { promise, paid } = step.turns[index];
          const helped = paid > 0;
          return {
            id,
            name: name(id),
            value: roughly(promise, 5),
            bars: [
              { part: promise / most, kind: "promise" },
              { part: paid / most, kind: helped ? "helped" : "hurt" },
            ],
            isFromLeft: false,
            number: `${helped ? "▲" : "▼"} ${roughly(paid, 5)}`,
            tone: helped ? "helped" : "hurt",
          };
        }),
    };
  }
  const most = largest(scene.knobs.map(({ now }) => now));
  return {
    title,
    note: "Blue and solid: plus. Orange and dashed: minus. Hold ↑ or ↓ on one to wiggle it.",
    heads: ["knob", "", "− 0 +", "now"],
    isLean: true,
    rows: into.map(({ knob: { id, now } }) => ({
      id,
      name: name(id),
      value: "",
      bars: [{ part: now / most, kind: now < 0 ? ("minus" as const) : ("plus" as const) }],
      isFromLeft: false,
      number: decimal(now),
    })),
  };
}

const layerNames = ["→ a1 … a16", "→ b1 … b16", "→ ink"];

function layerRows({ knobs }: Scene): RowList {
  const counts = layerNames.map((_, i) => knobs.filter(({ layer }) => layer === i + 1).length);
  return {
    title: "337 knobs in three layers",
    note: "Two coordinates of a square, 16 neurons a, 16 neurons b, and the ink. Every link has a knob, and every neuron a bias.",
    heads: ["layer", "", "", "knobs"],
    isLean: false,
    rows: layerNames.map((name, i) => ({
      id: `layer-${i + 1}`,
      name,
      value: "",
      bars: [{ part: counts[i] / largest(counts), kind: "plus" as const }],
      isFromLeft: true,
      number: `${counts[i]}`,
    })),
  };
}

function squareRows({ inked, missing, extra, goal }: Scene): RowList {
  const paper = goal.length - inked;
  const rows = [
    ["ink, drawn", inked - missing, "goal"],
    ["ink, missing", missing, "mistake"],
    ["paper, clean", paper - extra, "goal"],
    ["paper, inked", extra, "mistake"],
  ] as const;
  return {
    title: "784 squares",
    note: "A dot in a frame: ink is missing. A cross: there is ink on paper. Use the arrow keys on the picture to choose a square.",
    heads: ["square", "", "", "how many"],
    isLean: false,
    rows: rows
      .map(([name, count, kind]) => ({
        id: kind === "mistake" ? "wrong" : `right-${name.slice(0, 3)}`,
        name,
        value: "",
        bars: [{ part: count / goal.length, kind }],
        isFromLeft: true,
        number: `${count}`,
      }))
      .map((row, i) => ({ ...row, id: `${row.id}-${i}` })),
  };
}

function largest(values: readonly number[]): number {
  return Math.max(1e-12, ...values.map(Math.abs));
}

interface Table {
  readonly heads: string[];
  readonly rows: string[][];
}

const columns = Array.from({ length: size }, (_, i) => `${i + 1}`);

/** A number for each square, row by row. */
export function squareTable(values: ArrayLike<number>, digits: number): Table {
  return {
    heads: ["row", ...columns],
    rows: columns.map((row, i) => [
      row,
      ...Array.from({ length: size }, (_, k) => decimal(values[i * size + k], digits)),
    ]),
  };
}

/** All 337 knobs of a try. */
export function knobTable({ knobs, step }: Scene): Table {
  return {
    heads: ["knob", "now", "blame", "turn", "promise", "paid"],
    rows: knobs.map(({ id, now, blame }, i) => {
      const turn = step?.turns[i];
      const rest =
        turn === undefined ? ["", "", ""] : [signed(turn.turn, 4), short(turn.promise), short(turn.paid)];
      return [nameOf(id), decimal(now, 4), signed(blame, 5), ...rest];
    }),
  };
}

/** The hidden neurons of a try. */
export function neuronTable({ neurons, step }: Scene): Table {
  return {
    heads: ["neuron", "lowest", "highest", "mean slope", "paid by its knobs"],
    rows: neurons.map(({ id, values, slope }, i) => [
      id,
      decimal(Math.min(...values)),
      decimal(Math.max(...values)),
      decimal(slope, 4),
      step === null ? "" : short(step.paidInto[i]),
    ]),
  };
}

export function layerTable({ step }: Scene): Table {
  return {
    heads: ["layer", "knobs", "helped", "promise", "paid"],
    rows: (step?.layers ?? []).map(({ name, knobs, helped, promise, paid }) => [
      name,
      `${knobs}`,
      `${helped}`,
      short(promise),
      short(paid),
    ]),
  };
}

export function spreadTable({ spread: { low, high, ink, paper } }: Scene): Table {
  const bins = ink.length;
  const edge = (i: number): string => decimal(low + (i * (high - low)) / bins, 2);
  return {
    heads: ["answers", "ink squares", "paper squares"],
    rows: ink.map((count, i) => [`${edge(i)} to ${edge(i + 1)}`, `${count}`, `${paper[i]}`]),
  };
}

/** What the picture of a stage shows, for a reader of the screen. */
export function pictureLabel(scene: Scene, stage: StageId, chosen: string): string {
  const { attempt, missing, extra, step, stop, inked } = scene;
  const share = percent(attempt.right / (size * size), 1);
  if (stage === "goal") return `The goal: a star of ${inked} inked squares among 784`;
  if (stage === "attempt")
    return `The network with all its knobs, and the picture that it draws: ${share} of the squares are right. The knobs into ${neuronOf(chosen)} stand out`;
  if (stage === "mistake")
    return `The picture that was drawn; ${missing} squares lack ink, and ${extra} have too much`;
  if (stage === "blame")
    return `Complaints walk back from the ink to all knobs, wide where there is much blame; most at ${nameOf(scene.mostBlamed)}${stop === null ? "" : ". A red line marks where they stop"}`;
  if (step === null) return `The picture of the last try: ${share} of the squares are right`;
  if (stage === "adjust") return "The network after all 337 turns, over a ghost of the widths before";
  return `What each knob paid: ${scene.adjustment?.helped} helped. ${step.better} squares became right, ${step.worse} wrong`;
}
