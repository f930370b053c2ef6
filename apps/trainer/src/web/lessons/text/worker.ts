import { StargradError } from "@stargrad/tensor";
import type { Json } from "@stargrad/train";

import { textOf } from "../../../text/live/own-text.js";
import { sentenceOf, TextRun } from "../../../text/live/runs.js";
import { sizes } from "../../../text/live/sizes.js";
import { passagesOf, type Passages } from "../../../text/passages.js";
import { talesOf } from "../../../text/tales.js";
import { Autosave } from "../../run/autosave.js";
import { GoingRuns, type Going } from "../../run/going.js";
import { PacedRun } from "../../run/paced.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { TextChoice, TextEvent, TextFacts, TextQuestions } from "./messages.js";

/** A text as it is kept with a run: its name and its characters; null for the tales. */
type KeptText = { readonly name: string; readonly content: string } | null;

interface GoingText extends Going<TextRun> {
  readonly text: KeptText;
}

const runs = new GoingRuns<TextRun, GoingText>();
/** A run is saved after so many steps, and at its end. */
const saveEvery = 100;
const autosave = new Autosave("text");
/** The text of the run that was opened last, and the run that is saved: the one that was opened last. */
let present: { readonly text: KeptText; readonly passages: Passages; readonly id: number } | null = null;

const post = serveQuestions<TextQuestions>(self as never, {
  resume: async ({ run: id, settings, pace }) => {
    const bytes = await autosave.load();
    if (bytes === null) return null;
    // A save of an older version of this page cannot be read: then there is none.
    const resumed = await TextRun.resumed(bytes, (text) => read(text as KeptText)).catch(() => null);
    if (resumed === null || !isSame(resumed.run.settings, settings)) return null;
    const { run } = resumed;
    const text = resumed.text as KeptText;
    const { facts } = begin(id, run, text);
    const { losses, reports, first, end } = run;
    const answer = { facts, settings: run.settings, first, losses: [...losses], reports: [...reports], end };
    runs.find(id).paced.setPace(pace);
    return answer;
  },
  open: async ({ run: id, settings, text, from, pace }) => {
    try {
      const kept = keptText(text);
      const passages = text === "same" && present !== null ? present.passages : read(kept);
      const origin = from && { run: runs.find(from.run).run, try: from.try };
      const run = new TextRun(passages, settings, origin);
      const opened = begin(id, run, kept);
      const { paced } = runs.find(id);
      await paced.between(() => run.open());
      await paced.step();
      paced.setPace(pace);
      return opened;
    } catch (error) {
      if (error instanceof StargradError) return { refused: named(error) };
      throw error;
    }
  },
  ...runs.answers,
  look: ({ run, try: number, kind }) => runs.find(run).run.look(number, kind),
  account: ({ run, try: number, kind }) => runs.find(run).run.account(number, kind),
  letter: ({ run, ...letter }) => runs.find(run).run.letter(letter),
  prove: ({ run, ...letter }) => runs.find(run).run.prove(letter),
  wiggle: ({ run, ...letter }) => runs.find(run).run.wiggle(letter),
  write: async ({ run, try: number, ...wish }) => {
    try {
      const onText = (text: string): void => {
        send({ kind: "written", run, text });
      };
      return { text: await runs.find(run).run.write(number, wish, onText) };
    } catch (error) {
      if (error instanceof StargradError) return { refused: sentenceOf(error) };
      throw error;
    }
  },
  recorded: ({ run, try: number }) => runs.find(run).run.recorded(number),
  replay: ({ run, try: number }) => runs.find(run).run.replay(number),
});

function send(event: TextEvent, transfer: readonly ArrayBuffer[] = []): void {
  post(event, transfer);
}

function begin(id: number, run: TextRun, text: KeptText): { readonly facts: TextFacts } {
  runs.add(id, { run, paced: pacedRun(id, run, text), text });
  present = { text, passages: run.passages, id };
  const { characters, vocabulary, validation, baselines } = run.passages;
  const name = text?.name ?? "tiny tales";
  const facts = { name, characters, different: vocabulary.size, heldOut: validation.length, ...baselines };
  return { facts: { ...facts, knobs: run.knobs } };
}

/** The pace of a run. The page is told each of its steps once; the browser keeps the run now and then. */
function pacedRun(id: number, run: TextRun, text: KeptText): PacedRun {
  let [sentLosses, sentReports] = [run.losses.length, run.reports.length];
  const paced = new PacedRun({
    step: () => run.step(),
    isOpen: () => run.end === null,
    report: () => {
      const losses = Float64Array.from(run.losses.slice(sentLosses));
      const reports = run.reports.slice(sentReports);
      send({ kind: "progress", run: id, losses, reports, end: run.end }, [losses.buffer]);
      [sentLosses, sentReports] = [run.losses.length, run.reports.length];
      const isDue = reports.some(({ steps }) => steps % saveEvery === 0) || run.end !== null;
      if (isDue && present?.id === id) void save(id, { run, paced, text });
    },
  });
  return paced;
}

async function save(id: number, { run, paced, text }: GoingText): Promise<void> {
  const { bytes, last } = await paced.between(async () => ({
    last: run.last,
    bytes: await run.save(text as Json),
  }));
  const { notice, isSaved } = await autosave.save(bytes);
  if (isSaved) send({ kind: "saved", run: id, last });
  if (notice !== null) send({ kind: "notice", sentence: notice });
}

function read(text: KeptText): Passages {
  const { name, content } = text ?? { name: "tiny tales", content: talesOf() };
  return passagesOf(content, name, { context: sizes.context });
}

/** A text as it is kept. Throws: StargradError if it cannot be learned from */
function keptText(choice: TextChoice): KeptText {
  if (choice === "tales") return null;
  if (choice === "same") return present?.text ?? null;
  return { name: choice.name, content: textOf(choice) };
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}

/** The sentence of an error, with the name of the text in front. */
function named({ message }: StargradError): string {
  return `${message.replace(": ", " ")}.`;
}
