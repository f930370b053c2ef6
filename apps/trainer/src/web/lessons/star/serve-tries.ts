import type { End } from "../../../star/runs.js";
import { GoingRuns } from "../../run/going.js";
import { PacedRun } from "../../run/paced.js";
import type { Answers, Questions } from "../../run/protocol.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { Progress, RungTypes, TryQuestions } from "./messages.js";

/** A run of a rung of the star, as far as questions about it are concerned. */
export interface AnsweringRun<Rung extends RungTypes> {
  readonly mistakes: readonly number[];
  readonly first: number;
  readonly end: End | null;
  step(): Promise<void>;
  look(number: number): Promise<Rung["scene"]>;
  path(number: number): Promise<Rung["path"]>;
  wiggle(number: number, knob: string, by: number): Promise<Rung["attempt"]>;
  prove(number: number, knobs: readonly string[]): Promise<readonly Rung["proof"][]>;
  recorded(number: number): Promise<string>;
}

/** Makes runs at a pace in a worker, and answers questions about their tries. Returns how a run is found by its number. */
export function serveTries<
  Rung extends RungTypes,
  Run extends AnsweringRun<Rung>,
  More extends Questions = TryQuestions<Rung>,
>(
  open: (settings: Rung["settings"], from?: { readonly run: Run; readonly try: number }) => Run,
  more?: (found: (run: number) => Run) => Answers<More>,
): void {
  const runs = new GoingRuns<Run>();
  const answers: Answers<TryQuestions<Rung>> = {
    open: async ({ run, settings, from, pace }) => {
      const going = open(settings, from && { run: runs.find(from.run).run, try: from.try });
      const paced = pacedRun(run, going);
      runs.add(run, { run: going, paced });
      await paced.step();
      paced.setPace(pace);
      return null;
    },
    ...runs.answers,
    look: ({ run, try: number }) => runs.find(run).run.look(number),
    path: ({ run, try: number }) => runs.find(run).run.path(number),
    wiggle: ({ run, try: number, knob, by }) => runs.find(run).run.wiggle(number, knob, by),
    prove: ({ run, try: number, knobs }) => runs.find(run).run.prove(number, knobs),
    recorded: ({ run, try: number }) => runs.find(run).run.recorded(number),
  };
  // TypeScript does not see that the two together are all answers.
  const all = { ...answers, ...more?.((run) => runs.find(run).run) } as unknown as Answers<
    TryQuestions<Rung> & More
  >;
  const send = serveQuestions<TryQuestions<Rung> & More>(self as never, all);

  /** The pace of a run. The page is told each of its mistakes once. */
  function pacedRun(id: number, run: Run): PacedRun {
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
}
