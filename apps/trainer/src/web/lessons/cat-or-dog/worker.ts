import { heldOut } from "../../../cat-or-dog/drawings.js";
import { drawn, pictureIn } from "../../../cat-or-dog/own-picture.js";
import { CatRun } from "../../../cat-or-dog/runs.js";
import { Autosave } from "../../run/autosave.js";
import { GoingRuns } from "../../run/going.js";
import { PacedRun } from "../../run/paced.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { CatQuestions, Progress } from "./messages.js";

const runs = new GoingRuns<CatRun>();
const autosave = new Autosave("cat-or-dog");

/** How often a run is saved, in milliseconds. */
const saveEvery = 2000;

const send = serveQuestions<CatQuestions>(self as never, {
  open: async ({ run, settings, from, resume = false, pace }) => {
    const saved = resume ? await savedRun(settings) : null;
    const going =
      saved ??
      (from === undefined ? new CatRun(settings) : await runs.find(from.run).run.fork(settings, from.try));
    const paced = pacedRun(run, going);
    runs.add(run, { run: going, paced });
    if (saved === null) {
      await paced.step();
      // At once: until then, a reload would find the run that this one was forked from, which has other settings.
      if (from !== undefined) await save(run, going);
    } else tell(run, going, { steps: 0, tests: 0 });
    paced.setPace(pace);
    return saved?.last ?? null;
  },
  ...runs.answers,
  step: async ({ run: id }) => {
    const { run, paced } = runs.find(id);
    const wanted = run.last + 1;
    while (run.last < wanted && run.end === null) await paced.step();
    return null;
  },
  close: async ({ run }) => {
    const isKept = run === runs.newest;
    runs.close(run);
    const left = runs.newest;
    // A fork that is undone leaves the run before it, which may have ended.
    if (isKept && left !== undefined) await save(left, runs.find(left).run);
    return null;
  },
  look: ({ run, try: number, picture }) => runs.find(run).run.look(number, picture),
  prove: ({ run, try: number, picture, mark }) => runs.find(run).run.prove(number, picture, mark),
  wiggle: ({ run, try: number, picture, pixel, by }) => runs.find(run).run.wiggle(number, picture, pixel, by),
  now: ({ run, picture }) => runs.find(run).run.answerNow(picture),
  recorded: ({ run, try: number }) => runs.find(run).run.recorded(number),
  heldOut: () => {
    const all = new Uint8Array(heldOut.length * heldOut.pixels(0).length);
    for (let i = 0; i < heldOut.length; i++) {
      all.set(
        heldOut.pixels(i).map((ink) => Math.round(255 * ink)),
        i * heldOut.pixels(0).length,
      );
    }
    return all;
  },
  draw: ({ strokes }) => drawn(strokes),
  read: ({ file }) => pictureIn(file),
});

/** The pace of a run. The page is told each of its steps and tests once, and the run is saved now and then. */
function pacedRun(id: number, run: CatRun): PacedRun {
  const sent = { steps: run.mistakes.length, tests: run.tests.length };
  let savedAt = performance.now();
  let savedSteps = run.mistakes.length;
  const paced = new PacedRun({
    step: () => run.step(),
    isOpen: () => run.end === null,
    report: () => {
      tell(id, run, sent);
      const isTime = performance.now() - savedAt > saveEvery || run.end !== null;
      // Of a run and its fork, only the fork is saved.
      if (id !== runs.newest || !isTime || savedSteps === run.mistakes.length) return;
      savedAt = performance.now();
      savedSteps = run.mistakes.length;
      void paced.between(() => save(id, run));
    },
  });
  return paced;
}

/** Tells the page what is new. */
function tell(
  id: number,
  run: CatRun,
  sent: { steps: number; tests: number },
  notice: string | null = null,
): void {
  const mistakes = Float64Array.from(run.mistakes.slice(sent.steps));
  const tests = run.tests.slice(sent.tests);
  const news: Progress = { run: id, first: run.first + sent.steps, mistakes, tests, end: run.end, notice };
  sent.steps = run.mistakes.length;
  sent.tests = run.tests.length;
  send(news, [mistakes.buffer]);
}

async function save(id: number, run: CatRun): Promise<void> {
  // The run may have been closed meanwhile.
  if (!runs.has(id)) return;
  const { notice } = await autosave.save(await run.bytes());
  if (notice !== null) tell(id, run, { steps: run.mistakes.length, tests: run.tests.length }, notice);
}

/** The run that was saved, if it had these settings. */
async function savedRun(settings: CatQuestions["open"]["ask"]["settings"]): Promise<CatRun | null> {
  try {
    const bytes = await autosave.load();
    return bytes === null ? null : await CatRun.saved(bytes, settings);
  } catch {
    return null; // What was saved cannot be read: the run begins again.
  }
}
