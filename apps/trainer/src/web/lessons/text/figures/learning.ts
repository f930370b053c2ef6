import { decimal } from "../../../../words/numbers.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import type { RunView } from "../lesson.svelte.js";
import type { TextFacts } from "../messages.js";

interface Learning {
  readonly runs: readonly RunView[];
  readonly present: RunView;
  readonly facts: TextFacts;
  readonly at: number;
}

const left = 34;
const right = 96;
const bottom = 22;

/** The surprise of the training passages and of the held-out text over the steps, beside those of two simple guessers. */
export function drawLearning(surface: Surface, { runs, present, facts, at }: Learning): void {
  const { width, height } = surface;
  const all = runs.flatMap(({ mistakes, reports }) => [
    ...mistakes,
    ...reports.map(({ heldOut }) => heldOut),
  ]);
  const top = Math.ceil(Math.max(facts.unigramLoss, ...all) * 2) / 2;
  const end = present.settings.steps;
  const x = (step: number): number => left + (step * (width - left - right)) / end;
  const y = (nats: number): number => 8 + ((top - nats) * (height - 8 - bottom)) / top;

  for (let nats = 0; nats <= top; nats++) {
    surface.path([[left, y(nats)], [width - right, y(nats)]], "line", { width: 1 }); // prettier-ignore
    surface.text([left - 8, y(nats)], `${nats}`, "ink-2", { size: 12, align: "right" });
  }
  surface.text([left, height - 8], "step 0", "ink-2", { size: 12, align: "left" });
  surface.text([width - right, height - 8], `${end}`, "ink-2", { size: 12 });

  const labels: { text: string; nats: number; isBold?: boolean }[] = [];
  const guessers = [
    ["letters", facts.unigramLoss],
    ["pairs", facts.bigramLoss],
  ] as const;
  for (const [name, nats] of guessers) {
    surface.path([[left, y(nats)], [width - right, y(nats)]], "goal", { width: 1.5, dash: [5, 4] }); // prettier-ignore
    labels.push({ text: `${name} ${decimal(nats, 2)}`, nats });
  }
  for (const run of [...runs].sort((a, b) => Number(a === present) - Number(b === present))) {
    const isPresent = run === present;
    const dash = isPresent ? [] : [5, 4];
    surface.path(run.mistakes.map((loss, i): XY => [x(run.first + i), y(loss)]), "ghost", { width: 1, dash }); // prettier-ignore
    const points = run.reports.map(({ steps, heldOut }): XY => [x(steps), y(heldOut)]);
    surface.path(points, isPresent ? "attempt" : "ink-2", { width: isPresent ? 2.5 : 1.5, dash });
    if (isPresent) for (const point of points) surface.dot(point, 2.5, "ink");
  }
  const last = present.reports[present.reports.length - 1] as RunView["reports"][number] | undefined;
  if (last !== undefined)
    labels.push({ text: `held out ${decimal(last.heldOut, 2)}`, nats: last.heldOut, isBold: true });
  if (present.mistakes.length > 0) {
    surface.path([[x(at), 4], [x(at), height - bottom]], "focus", { width: 2 }); // prettier-ignore
  }
  // Labels that would touch each other are moved apart, from the top.
  let free = 0;
  for (const { text, nats, isBold = false } of labels.sort((a, b) => b.nats - a.nats)) {
    const middle = Math.min(Math.max(y(nats), free + 8), height - 8);
    free = middle + 8;
    surface.text([width - right + 6, middle], text, "ink", { size: 12, align: "left", bold: isBold });
  }
}

export function learningLabel({ present, facts }: Pick<Learning, "present" | "facts">): string {
  const { reports } = present;
  const [first, last] = [reports[0], reports[reports.length - 1]] as (
    RunView["reports"][number] | undefined
  )[];
  const course =
    first === undefined || last === undefined
      ? "No measurement yet"
      : `Held-out surprise goes from ${decimal(first.heldOut, 2)} to ${decimal(last.heldOut, 2)} at step ${last.steps}`;
  return `${course}; guessing by single letters has ${decimal(facts.unigramLoss, 2)}, by pairs of letters ${decimal(facts.bigramLoss, 2)}`;
}

/** The measurements of all runs: what was held out, and the training loss of the step after it. */
export function learningTable({ runs, facts }: Pick<Learning, "runs" | "facts">): {
  heads: string[];
  rows: string[][];
} {
  const rows = runs.flatMap((run) =>
    run.reports.map(({ steps, heldOut }) => {
      const loss = run.mistakes[Math.max(steps, run.first) - run.first] as number | undefined;
      return [`${run.name}, step ${steps}`, decimal(heldOut), loss === undefined ? "" : decimal(loss)];
    }),
  );
  const guessers = [
    ["single letters (unigram)", decimal(facts.unigramLoss), ""],
    ["pairs of letters (bigram)", decimal(facts.bigramLoss), ""],
  ];
  return { heads: ["", "held out", "training"], rows: [...guessers, ...rows] };
}
