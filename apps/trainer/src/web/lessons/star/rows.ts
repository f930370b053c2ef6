import type { Path } from "../../../star/path.js";
import type { KnobProof, Scene } from "../../../star/pen/scene.js";
import { turnOf, valueOf } from "../../../star/pen/words.js";
import { blameNote, blameText } from "../../../words/blame.js";
import { decimal, percent, roughly, short, signed } from "../../../words/numbers.js";
import type { Measured } from "./figures/charts.js";
import type { KnobRow } from "../../parts/knob-row.js";
import type { StageId } from "../../stages.js";

/** The list beside the picture: its title, a sentence about it, its heads and its rows. */
export interface RowList {
  readonly title: string;
  readonly note: string;
  readonly heads: readonly [string, string, string, string];
  readonly rows: readonly KnobRow[];
  readonly isLean: boolean;
}

export function rowsOf(scene: Scene, stage: StageId, proofs: ReadonlyMap<string, KnobProof>): RowList {
  if (stage === "goal") return goalRows(scene);
  if (stage === "mistake") return missRows(scene);
  if (stage === "blame") return blameRows(scene, proofs);
  if (stage === "adjust" && scene.step !== null) return turnRows(scene);
  if (stage === "again" && scene.step !== null) return paidRows(scene);
  return valueRows(scene);
}

function goalRows({ goal }: Scene): RowList {
  return {
    title: "10 corners of the goal",
    note: "Choose one and move it with the arrow keys, or drag it in the picture.",
    heads: ["corner", "right", "", "up"],
    isLean: false,
    rows: goal.map(([x, y], i) => ({
      id: `c${i + 1}`,
      name: `corner ${i + 1}`,
      value: decimal(x, 2),
      bars: [],
      isFromLeft: true,
      number: decimal(y, 2),
    })),
  };
}

function valueRows({ knobs }: Scene): RowList {
  const longest = largest(knobs.filter(({ kind }) => kind === "length").map(({ now }) => now));
  return {
    title: "20 knobs",
    note: "Two for each stroke: which way, how far. Hold ↑ or ↓ on one to wiggle it.",
    heads: ["stroke, knob", "now", "", ""],
    isLean: false,
    rows: knobs.map(({ id, kind, stroke, now }) => ({
      id,
      name: `${stroke} ${kind}`,
      value: valueOf(kind, now),
      // A pen that was thrown far off can have strokes of negative length: it draws them backwards.
      bars: kind === "length" ? [{ part: Math.abs(now) / longest, kind: now < 0 ? "minus" : "plus" }] : [],
      isFromLeft: true,
      ...(kind === "direction" && { angle: now }),
      number: "",
    })),
  };
}

function missRows({ attempt, squares }: Scene): RowList {
  const most = largest(attempt.misses);
  return {
    title: "10 corners",
    note: "How far each is from its goal, as a share of the star's size. Perfect is 2 % or less, everywhere.",
    heads: ["corner", "miss", "", "squared"],
    isLean: false,
    rows: attempt.misses.map((miss, i) => ({
      id: `c${i + 1}`,
      name: `corner ${i + 1}`,
      value: percent(miss, 1),
      bars: [{ part: miss / most, kind: "mistake" }],
      isFromLeft: true,
      number: decimal(squares[i]),
    })),
  };
}

function blameRows({ knobs }: Scene, proofs: ReadonlyMap<string, KnobProof>): RowList {
  const most = largest(knobs.map(({ blame }) => blame));
  const isProved = proofs.size === knobs.length;
  return {
    title: "Blame of 20 knobs",
    note: isProved
      ? "Purple: blame, from one walk back. Black: the slope, measured by wiggling each knob."
      : blameNote,
    heads: ["stroke, knob", isProved ? "slope" : "now", "▼ 0 ▲", "blame"],
    isLean: true,
    rows: knobs.map(({ id, kind, stroke, now, blame }) => {
      const proof = proofs.get(id);
      return {
        id,
        name: `${stroke} ${kind}`,
        value: isProved && proof !== undefined ? signed(proof.slope) : valueOf(kind, now),
        // To the right: turn it up.
        bars: [
          { part: -blame / most, kind: "blame" as const },
          ...(proof === undefined ? [] : [{ part: -proof.slope / most, kind: "slope" as const }]),
        ],
        isFromLeft: false,
        number: blameText(blame),
        tone: "blamed" as const,
      };
    }),
  };
}

function turnRows({ knobs, step, learningRate, momentum }: Scene): RowList {
  const turns = step?.turns ?? [];
  const most = largest(turns.map(({ promise }) => promise));
  const carried = momentum > 0 ? `, plus ${momentum} of the last turn` : "";
  return {
    title: "20 turns",
    note: `Against the blame, ${learningRate} of it${carried}. Hatched: what each turn promises; below 0, it makes the mistake larger.`,
    heads: ["stroke, knob", "turn", "▼ 0 ▲", "promise"],
    isLean: false,
    rows: knobs.map(({ id, kind, stroke }, i) => ({
      id,
      name: `${stroke} ${kind}`,
      value: turnOf(kind, turns[i].turn),
      bars: [{ part: turns[i].promise / most, kind: "promise" }],
      isFromLeft: false,
      number: roughly(turns[i].promise, 4),
    })),
  };
}

function paidRows({ knobs, step }: Scene): RowList {
  const turns = step?.turns ?? [];
  const most = largest(turns.flatMap(({ promise, paid }) => [promise, paid]));
  const rows = knobs.map(({ id, kind, stroke }, i): KnobRow & { promise: number } => {
    const { promise, paid } = turns[i];
    const helped = paid > 0;
    return {
      id,
      name: `${stroke} ${kind}`,
      value: roughly(promise, 4),
      bars: [
        { part: promise / most, kind: "promise" },
        { part: paid / most, kind: helped ? "helped" : "hurt" },
      ],
      isFromLeft: false,
      number: `${helped ? "▲" : "▼"} ${roughly(paid, 4)}`,
      tone: helped ? "helped" : "hurt",
      promise,
    };
  });
  return {
    title: "Promise and paid",
    note: "Hatched: promised. Solid: ▲ helped, ▼ hurt. Largest promise first.",
    heads: ["stroke, knob", "promise", "▼ 0 ▲", "paid"],
    isLean: true,
    rows: rows.sort((a, b) => b.promise - a.promise),
  };
}

function largest(values: readonly number[]): number {
  return Math.max(1e-12, ...values.map(Math.abs));
}

export function cornerTable({ attempt, goal, squares, knobs }: Scene): { heads: string[]; rows: string[][] } {
  return {
    heads: ["corner", "length", "direction", "right", "up", "goal right", "goal up", "miss", "squared"],
    rows: attempt.corners.map(([x, y], i) => [
      `${i + 1}`,
      valueOf("length", knobs[2 * i + 1].now),
      valueOf("direction", knobs[2 * i].now),
      decimal(x),
      decimal(y),
      decimal(goal[i][0]),
      decimal(goal[i][1]),
      percent(attempt.misses[i], 1),
      decimal(squares[i]),
    ]),
  };
}

export function pileTable({ notes, piles }: Scene): { heads: string[]; rows: string[][] } {
  return {
    heads: ["stroke", "note right", "note up", "sum right", "sum up", "along", "across"],
    rows: piles.map(({ sum, alongPart, acrossPart }, i) => [
      `${i + 1}`,
      decimal(notes[i][0]),
      decimal(notes[i][1]),
      decimal(sum[0]),
      decimal(sum[1]),
      decimal(alongPart),
      decimal(acrossPart),
    ]),
  };
}

export function knobTable({ knobs, step }: Scene): { heads: string[]; rows: string[][] } {
  return {
    heads: ["knob", "now", "blame", "turn", "promise", "paid"],
    rows: knobs.map(({ kind, stroke, now, blame }, i) => {
      const turn = step?.turns[i];
      return [
        `${stroke} ${kind}`,
        valueOf(kind, now),
        signed(blame, 5),
        turn === undefined ? "" : turnOf(kind, turn.turn),
        turn === undefined ? "" : short(turn.promise),
        turn === undefined ? "" : short(turn.paid),
      ];
    }),
  };
}

/** The positions of a knob that were measured, and what the ruler says there. */
export function rulerTable({
  blame,
  text,
  mistake,
  points,
}: {
  readonly blame: number;
  readonly text: (by: number) => string;
  readonly mistake: number;
  readonly points: readonly (readonly [by: number, mistake: number])[];
}): { heads: string[]; rows: string[][] } {
  const all = [...points, [0, mistake] as const].sort(([one], [other]) => one - other);
  return {
    heads: ["turned by", "knob", "mistake, measured", "on the ruler"],
    rows: all.map(([by, measured]) => [
      signed(by),
      text(by),
      decimal(measured, 6),
      decimal(mistake + blame * by, 6),
    ]),
  };
}

/** The mistake, what all turns promise, and what the promise would leave. */
export function promiseTable({ attempt, adjustment }: Pick<Measured, "attempt" | "adjustment">): {
  heads: string[];
  rows: string[][];
} {
  const promise = adjustment?.promise ?? 0;
  return {
    heads: ["", "mistake"],
    rows: [
      ["now", decimal(attempt.mistake, 5)],
      ["promised to go", decimal(promise, 5)],
      ["would be left", decimal(attempt.mistake - promise, 5)],
    ],
  };
}

export function wayTable(path: Path, index: number, name: string): { heads: string[]; rows: string[][] } {
  const pieces = path.mistakes.length - 1;
  return {
    heads: ["part of the way", "mistake", "paid so far", `paid by the ${name}`],
    rows: path.mistakes.map((mistake, i) => [
      `${(100 * i) / pieces} %`,
      decimal(mistake, 5),
      decimal(path.total[i], 5),
      decimal(path.paid[index][i], 5),
    ]),
  };
}
