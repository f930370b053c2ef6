import { heldOut } from "../../../cat-or-dog/drawings.js";
import { drawn, pictureIn } from "../../../cat-or-dog/own-picture.js";
import { CatRun } from "../../../cat-or-dog/runs.js";
import { Autosave } from "../../run/autosave.js";
import { PacedRun } from "../../run/paced.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { CatQuestions, Progress } from "./messages.js";

/** A run, its pace, and what the page has not heard of it. */
interface Going {
  readonly run: CatRun;
  readonly paced: PacedRun;
}

const runs = new Map<number, Going>();
const autosave = new Autosave("cat-or-dog");

/** How often a run is saved, in milliseconds. */
const saveEvery = 2000;

const send = serveQuestions<CatQuestions>(self as never, {
  open: async ({ run, settings, from, resume = false, pace }) => {
    const saved = resume ? await savedRun(settings) : null;
    const going =
      saved ??
      (from === undefined ? new CatRun(settings) : await found(from.run).run.fork(settings, from.try));
    const paced = pacedRun(run, going);
    runs.set(run, { run: going, paced });
    if (saved === null) {
      await paced.step();
      // At once: until then, a reload would find the run that this one was forked from, which has other settings.
      if (from !== undefined) await save(run, going);
    } else tell(run, going, { steps: 0, tests: 0 });
    paced.setPace(pace);
    return saved?.last ?? null;
  },
  pace: ({ run, pace }) => {
    found(run).paced.setPace(pace);
    return null;
  },
  step: async ({ run: id }) => {
    const { run, paced } = found(id);
    const wanted = run.last + 1;
    while (run.last < wanted && run.end === null) await paced.step();
    return null;
  },
  close: async ({ run }) => {
    found(run).paced.setPace(0);
    const isKept = run === newest();
    runs.delete(run);
    const left = newest();
    // A fork that is undone leaves the run before it, which may have ended.
    if (isKept && left !== undefined) await save(left, found(left).run);
    return null;
  },
  look: ({ run, try: number, picture }) => found(run).run.look(number, picture),
  prove: ({ run, try: number, picture, mark }) => found(run).run.prove(number, picture, mark),
  wiggle: ({ run, try: number, picture, pixel, by }) => found(run).run.wiggle(number, picture, pixel, by),
  now: ({ run, picture }) => found(run).run.answerNow(picture),
  recorded: ({ run, try: number }) => found(run).run.recorded(number),
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
      if (id !== newest() || !isTime || savedSteps === run.mistakes.length) return;
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

/** The run that was opened last. Only that one is saved: of a run and its fork, the fork. */
function newest(): number | undefined {
  return [...runs.keys()].at(-1);
}

function found(run: number): Going {
  const going = runs.get(run);
  if (going === undefined) throw new Error(`There is no run ${run}`);
  return going;
}
