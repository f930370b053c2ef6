import { decodeData, encodeData, type Data } from "../../../dashboard/data.js";
import { exportOf } from "../../../dashboard/export.js";
import { readData } from "../../../dashboard/read-data.js";
import { columns } from "../../../dashboard/records.js";
import { DashboardRun } from "../../../dashboard/run.js";
import type { SampleName } from "../../../dashboard/sample-names.js";
import { samples } from "../../../dashboard/samples.js";
import { splitOf, type SplitSettings } from "../../../dashboard/split.js";
import { exampleOf, summaryOf, type DataSummary } from "../../../dashboard/view.js";
import { Autosave } from "../../run/autosave.js";
import { GoingRuns, type Going } from "../../run/going.js";
import { PacedRun } from "../../run/paced.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { DashboardQuestions, Progress, RunFacts } from "./messages.js";

/** How often the page hears of new steps, and how often a run is saved, in milliseconds. */
const [reportEvery, saveEvery] = [250, 4000];
/** How many examples of a cell of the confusion matrix are shown. */
const shownInCell = 40;

const runSave = new Autosave("dashboard-run");
const dataSave = new Autosave("dashboard-data");

let data: Data | null = null;
/** The sample that the data is; null for files. */
let sample: SampleName | null = null;
/** Whether the present data has been kept. */
let isDataKept = false;

interface GoingTraining extends Going<DashboardRun> {
  /** Tells the page everything that is new, at once. */
  readonly tell: () => void;
}

const runs = new GoingRuns<DashboardRun, GoingTraining>();

const send = serveQuestions<DashboardQuestions>(self as never, {
  sample: async ({ name, split }) => {
    take(samples[name](), name);
    await runSave.clear();
    return summary(split);
  },
  files: async ({ files, target, split }) => {
    take(await readData(files, target), null);
    await runSave.clear();
    return summary(split);
  },
  split: (settings) => summary(settings),
  open: async ({ run, settings, from }) => {
    const origin = from && runs.find(from.run).run;
    const opened =
      origin === undefined
        ? new DashboardRun(present(), splitOf(present(), settings), settings)
        : await origin.from(from?.epoch ?? 0, settings);
    begin(run, opened);
    return factsOf(opened);
  },
  resume: async ({ run }) => {
    const [bytes, kept] = [await runSave.load(), await dataSave.load()];
    if (bytes === null) return null;
    try {
      const { settings, sample: name } = await DashboardRun.describe(bytes);
      const isSample = name !== null && Object.hasOwn(samples, name);
      if (!isSample && kept === null) return null;
      take(
        isSample ? samples[name as SampleName]() : decodeData(kept as Uint8Array),
        isSample ? (name as SampleName) : null,
      );
      isDataKept = true;
      const resumed = new DashboardRun(present(), splitOf(present(), settings), settings);
      await resumed.restore(bytes);
      begin(run, resumed);
      return { settings, facts: factsOf(resumed), data: summary(settings), sample };
    } catch {
      // What was kept is of another version of this page, or belongs to other data. It is forgotten.
      await runSave.clear();
      return null;
    }
  },
  ...runs.answers,
  pace: async ({ run, pace }) => {
    const going = runs.find(run);
    going.paced.setPace(pace);
    if (pace > 0) return null;
    await keep(going);
    going.tell();
    return null;
  },
  step: async ({ run }) => {
    const going = runs.find(run);
    await going.paced.step();
    going.tell();
    return null;
  },
  cell: ({ run, is, says }) => {
    const { run: own } = runs.find(run);
    return own.examplesOf(is, says).slice(0, shownInCell).map((index) => exampleOf(own.data, index)); // prettier-ignore
  },
  replay: ({ run, epoch }) => runs.find(run).run.replay(epoch),
  export: ({ run, format }) => exportOf(runs.find(run).run, format),
});

function take(taken: Data, name: SampleName | null): void {
  // Runs of other data cannot be compared with those that come.
  runs.closeAll();
  data = taken;
  sample = name;
  isDataKept = false;
}

function present(): Data {
  if (data === null) throw new Error("There is no data yet");
  return data;
}

function summary(settings: SplitSettings): DataSummary {
  return summaryOf(present(), splitOf(present(), settings));
}

function factsOf(run: DashboardRun): RunFacts {
  const { stepsPerEpoch, totalSteps, layerNames, units } = run;
  return { stepsPerEpoch, totalSteps, layers: layerNames, units };
}

/** Puts a run in its place; the others rest. */
function begin(id: number, run: DashboardRun): void {
  runs.rest();
  let sent = { steps: 0, epochs: 0, credits: 0 };
  let [reported, saved] = [0, performance.now()];
  const tell = (notice: string | null = null): void => {
    const { steps, epochs, credits, end } = run;
    const news = Float64Array.from(
      steps.slice(sent.steps).flatMap((step) => columns.map((column) => step[column])),
    );
    const progress: Progress = {
      run: id,
      before: sent.steps,
      steps: news,
      epochs: epochs.slice(sent.epochs),
      credits: credits.slice(sent.credits),
      end,
      notice,
    };
    sent = { steps: steps.length, epochs: epochs.length, credits: credits.length };
    reported = performance.now();
    send(progress, [news.buffer]);
  };
  const paced = new PacedRun({
    step: () => run.step(),
    isOpen: () => run.end === null,
    report: () => {
      const now = performance.now();
      if (now - saved > saveEvery || run.end !== null) {
        saved = now;
        void keep(going).then((notice) => {
          if (notice !== null) tell(notice);
        });
      }
      if (now - reported > reportEvery || run.end !== null) tell();
    },
  });
  const going = { run, paced, tell };
  runs.add(id, going);
  tell();
}

/** Keeps a run between two of its steps, and its data once. Returns why not, if it has not been said before. */
async function keep({ run, paced }: GoingTraining): Promise<string | null> {
  if (run.data !== data || run.steps.length === 0) return null;
  if (sample === null && !isDataKept) {
    isDataKept = true;
    const { notice } = await dataSave.save(encodeData(run.data));
    if (notice !== null) return notice;
  }
  const bytes = await paced.between(() => run.save(sample));
  // Meanwhile other data may have come, and with it other runs.
  return run.data === data ? (await runSave.save(bytes)).notice : null;
}
