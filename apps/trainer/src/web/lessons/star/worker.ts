import { PenRun } from "../../../star/pen/runs.js";
import { PacedRun } from "../../run/paced.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { Progress, StarQuestions } from "./messages.js";

/** A run, and its pace. */
interface Going {
  readonly run: PenRun;
  readonly paced: PacedRun;
}

const runs = new Map<number, Going>();

const send = serveQuestions<StarQuestions>(self as never, {
  open: async ({ run, settings, from, pace }) => {
    const origin = from && { run: found(from.run).run, try: from.try };
    const going = new PenRun(settings, origin);
    const paced = pacedRun(run, going);
    runs.set(run, { run: going, paced });
    await paced.step();
    paced.setPace(pace);
    return null;
  },
  pace: ({ run, pace }) => {
    found(run).paced.setPace(pace);
    return null;
  },
  step: async ({ run }) => {
    await found(run).paced.step();
    return null;
  },
  close: ({ run }) => {
    found(run).paced.setPace(0);
    runs.delete(run);
    return null;
  },
  look: ({ run, try: number }) => found(run).run.look(number),
  path: ({ run, try: number }) => found(run).run.path(number),
  wiggle: ({ run, try: number, knob, by }) => found(run).run.wiggle(number, knob, by),
  prove: ({ run, try: number, knobs }) => found(run).run.prove(number, knobs),
  recorded: ({ run, try: number }) => found(run).run.recorded(number),
});

/** The pace of a run. The page is told each of its mistakes once. */
function pacedRun(id: number, run: PenRun): PacedRun {
  let sent = 0;
  return new PacedRun({
    step: () => run.step(),
    isOpen: () => run.end === null,
    report: () => {
      const { mistakes, first, end } = run;
      const news = Float64Array.from(mistakes.slice(sent));
      send({ run: id, first: first + sent, mistakes: news, end } satisfies Progress, [news.buffer]);
      sent = mistakes.length;
    },
  });
}

function found(run: number): Going {
  const going = runs.get(run);
  if (going === undefined) throw new Error(`There is no run ${run}`);
  return going;
}
