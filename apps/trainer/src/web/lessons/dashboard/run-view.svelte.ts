import {
  columns,
  type Column,
  type EpochRecord,
  type RunEnd,
  type StepCredit,
  type StepNumbers,
} from "../../../dashboard/records.js";
import type { AnyRun } from "../../lesson.svelte.js";
import type { RunSettings } from "../../../dashboard/settings.js";
import type { Progress, RunFacts } from "./messages.js";

/** A run, as far as the page knows it. */
export class RunView implements AnyRun {
  readonly first = 1;
  readonly id: number;
  readonly letter: string;
  readonly settings: RunSettings;
  facts = $state.raw<RunFacts>({ stepsPerEpoch: 1, totalSteps: 1, layers: [], units: 0 });
  /** The number of steps so far. */
  last = $state(0);
  epochs = $state.raw<readonly EpochRecord[]>([]);
  credits = $state.raw<readonly StepCredit[]>([]);
  end = $state.raw<RunEnd | null>(null);
  isPaused = $state(false);
  /** Whether its curves are drawn beside the present run's. */
  isCompared = $state(true);
  /** The numbers of all steps, in the order of `columns`, with room for more. */
  #numbers = new Float64Array(columns.length * 256);

  constructor(id: number, letter: string, settings: RunSettings) {
    this.id = id;
    this.letter = letter;
    this.settings = settings;
  }

  get isOver(): boolean {
    return this.end !== null;
  }

  hear({ before, steps, epochs, credits, end }: Progress): void {
    const start = before * columns.length;
    if (start + steps.length > this.#numbers.length) {
      const larger = new Float64Array(2 * (start + steps.length));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set(steps, start);
    this.epochs = [...this.epochs, ...epochs];
    this.credits = [...this.credits, ...credits];
    this.last = before + steps.length / columns.length;
    this.end = end;
  }

  at(step: number): StepNumbers {
    const start = (step - 1) * columns.length;
    const named = columns.map((column, i) => [column, this.#numbers[start + i]] as const);
    return Object.fromEntries(named) as Record<Column, number>;
  }

  /** The numbers of a column, of some of the steps if there are more than `most`: [step, value]. */
  series(column: Column, most = Infinity): [step: number, value: number][] {
    const index = columns.indexOf(column);
    const every = Math.max(1, Math.ceil(this.last / most));
    const steps = Array.from({ length: Math.ceil(this.last / every) }, (_, i) => i * every);
    if (this.last > 0 && steps.at(-1) !== this.last - 1) steps.push(this.last - 1);
    return steps.map((step) => [step + 1, this.#numbers[step * columns.length + index]]);
  }

  /** The last measurement of the held-out examples up to a step. */
  epochAt(step: number): EpochRecord | null {
    return this.epochs.findLast((epoch) => epoch.step <= step) ?? null;
  }

  /** The last explained step up to a step. */
  creditAt(step: number): StepCredit | null {
    return this.credits.findLast((credit) => credit.step <= step) ?? null;
  }
}
