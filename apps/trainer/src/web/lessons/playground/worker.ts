import type { Table } from "@stargrad/datasets";

import { PlayRun } from "../../../playground/runs.js";
import { columnsOf, pointsOfTable, tableOf } from "../../../playground/table.js";
import { GoingRuns } from "../../run/going.js";
import { PacedRun } from "../../run/paced.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { PlayQuestions, Progress } from "./messages.js";

const runs = new GoingRuns<PlayRun>();
let table: Table | null = null;

const send = serveQuestions<PlayQuestions>(self as never, {
  open: async ({ run: id, settings, from }) => {
    const origin = from && { ...runs.find(from.run), try: from.try };
    // After this worker took the place of one that died, the run to fork is just beginning.
    while (origin !== undefined && origin.run.last < origin.try && origin.run.failure === null)
      await origin.paced.step();
    const run = await PlayRun.begin(settings, origin);
    const paced = pacedRun(id, run);
    runs.add(id, { run, paced });
    await paced.step();
    paced.setPace(Infinity);
    return null;
  },
  ...runs.answers,
  more: ({ run, by }) => {
    const { run: going, paced } = runs.find(run);
    going.goOn(by);
    paced.setPace(Infinity);
    return null;
  },
  look: ({ run, try: number, point }) => runs.find(run).run.look(number, point),
  prove: ({ run, try: number, link }) => runs.find(run).run.prove(number, link),
  recorded: ({ run, try: number }) => runs.find(run).run.recorded(number),
  safetensors: ({ run, try: number }) => runs.find(run).run.safetensors(number),
  file: async ({ file }) => {
    table = await tableOf(file);
    return columnsOf(table);
  },
  points: (choice) => {
    if (table === null) throw new Error("No file has been read");
    return pointsOfTable(table, choice);
  },
});

/** The pace of a run. The page is told each of its scores once. */
function pacedRun(id: number, run: PlayRun): PacedRun {
  let sent = 0;
  return new PacedRun({
    step: () => run.step(),
    isOpen: () => run.isOpen,
    report: () => {
      const { scores, first, failure } = run;
      const news = Float64Array.from(
        scores
          .slice(sent)
          .flatMap(({ mistake, heldOut, right, rightHeldOut }) => [
            mistake,
            heldOut ?? NaN,
            right,
            rightHeldOut,
          ]),
      );
      send({ run: id, first: first + sent, scores: news, failure, isDone: !run.isOpen } satisfies Progress, [
        news.buffer,
      ]);
      sent = scores.length;
    },
  });
}
