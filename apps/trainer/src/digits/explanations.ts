import { watchStep, type Account, type StepExplanation } from "@stargrad/explain";
import type { Layer } from "@stargrad/nn";
import { defaultGenerator } from "@stargrad/tensor";
import type { EpochEvent, FitEvent, Metric, Progress, StepEvent } from "@stargrad/train";

/** After a step that was looked into: what it did to the mistake on its own pictures. */
export interface ExplanationEvent extends Progress {
  readonly event: "explanation";
  readonly explanation: StepExplanation;
}

/** What is shown of a training. */
export type TrainingEvent = StepEvent<"accuracy"> | EpochEvent<"accuracy"> | ExplanationEvent;

export interface ExplanationOptions {
  readonly model: Layer;
  /** What the training makes small. */
  readonly loss: Metric;
  /** Which steps are explained, counted over all epochs: every so many. Infinity for none. */
  readonly every: number;
}

/** Passes on the events of a training, and explains some of its steps. The training does not notice. */
export async function* withExplanations(
  events: AsyncIterable<FitEvent<"accuracy">>,
  { model, loss, every }: ExplanationOptions,
): AsyncGenerator<TrainingEvent, void, undefined> {
  let account: Account | null = null;
  for await (const event of events) {
    if (event.event === "batch") {
      const { epoch, step, steps, batch } = event;
      if (((epoch - 1) * steps + step) % every !== 0) continue;
      account = await watchStep(
        { parameters: model.namedParameters(), loss: () => loss(model.forward(batch.x), batch.y) },
        { generators: [defaultGenerator()], buffers: model.namedBuffers().values() },
      );
      continue;
    }
    yield event;
    if (event.event === "step" && account !== null) {
      const { epoch, step, steps } = event;
      yield { event: "explanation", epoch, step, steps, explanation: await account(event.loss) };
      account = null;
    }
  }
}
