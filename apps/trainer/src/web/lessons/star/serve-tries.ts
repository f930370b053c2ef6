import type { End } from "../../../star/runs.js";
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
  const runs = new Map<number, { readonly run: Run; readonly paced: PacedRun }>();
  const found = (run: number) => {
    const going = runs.get(run);
    if (going === undefined) throw new Error(`There is no run ${run}`);
    return going;
  };
  const answers: Answers<TryQuestions<Rung>> = {
    open: async ({ run, settings, from, pace }) => {
      const going = open(settings, from && { run: found(from.run).run, try: from.try });
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
  };
  // TypeScript does not see that the two together are all answers.
  const all = { ...answers, ...more?.((run) => found(run).run) } as unknown as Answers<
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
