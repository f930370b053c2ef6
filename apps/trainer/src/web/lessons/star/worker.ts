import { PenRun } from "../../../star/pen/runs.js";
import { serveQuestions } from "../../run/serve-questions.js";
import type { Progress, StarQuestions } from "./messages.js";

/** A run, and how fast it goes. */
interface Going {
  readonly run: PenRun;
  pace: number;
  /** How many mistakes the page has. */
  sent: number;
  isGoing: boolean;
}

/** For how long tries are made before messages are heard again, in milliseconds. */
const slice = 30;

const runs = new Map<number, Going>();

const send = serveQuestions<StarQuestions>(self as never, {
  open: async ({ run, settings, from, pace }) => {
    const origin = from && { run: found(from.run).run, try: from.try };
    const opened: Going = { run: new PenRun(settings, origin), pace, sent: 0, isGoing: false };
    runs.set(run, opened);
    await opened.run.step();
    report(run, opened);
    void go(run, opened);
    return null;
  },
  pace: ({ run, pace }) => {
    const going = found(run);
    going.pace = pace;
    void go(run, going);
    return null;
  },
  step: async ({ run }) => {
    const going = found(run);
    await going.run.step();
    report(run, going);
    return null;
  },
  close: ({ run }) => {
    found(run).pace = 0;
    runs.delete(run);
    return null;
  },
  look: ({ run, try: number }) => found(run).run.look(number),
  path: ({ run, try: number }) => found(run).run.path(number),
  wiggle: ({ run, try: number, knob, by }) => found(run).run.wiggle(number, knob, by),
  prove: ({ run, try: number, knobs }) => found(run).run.prove(number, knobs),
  recorded: ({ run, try: number }) => found(run).run.recorded(number),
});

/** Makes tries at the pace of the run until it is paused or has ended. */
async function go(id: number, going: Going): Promise<void> {
  if (going.isGoing) return;
  going.isGoing = true;
  while (going.pace > 0 && isOpen(going.run)) {
    await pause(going.pace === Infinity ? 0 : 1000 / going.pace);
    const until = performance.now() + slice;
    do await going.run.step();
    while (going.pace === Infinity && isOpen(going.run) && performance.now() < until);
    report(id, going);
  }
  going.isGoing = false;
}

function report(run: number, going: Going): void {
  const { mistakes, first, end } = going.run;
  const news = Float64Array.from(mistakes.slice(going.sent));
  send({ run, first: first + going.sent, mistakes: news, end } satisfies Progress, [news.buffer]);
  going.sent = mistakes.length;
}

function isOpen({ end }: PenRun): boolean {
  return end === null;
}

function found(run: number): Going {
  const going = runs.get(run);
  if (going === undefined) throw new Error(`There is no run ${run}`);
  return going;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
