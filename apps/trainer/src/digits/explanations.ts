import { watchStep, type Account, type StepExplanation } from "@stargrad/explain";
import type { Layer } from "@stargrad/nn";
import { defaultGenerator } from "@stargrad/tensor";
import type { EpochEvent, FitEvent, Metric, Progress, StepEvent } from "@stargrad/train";

/** The explanation of a step: its effect on the loss of its own batch. Follows the event of the step. */
export interface ExplanationEvent extends Progress {
  readonly event: "explanation";
  readonly explanation: StepExplanation;
}

/** The events that a reporter shows. */
export type TrainingEvent = StepEvent<"accuracy"> | EpochEvent<"accuracy"> | ExplanationEvent;

export interface ExplanationOptions {
  readonly model: Layer;
  /** The loss that the training minimizes. */
  readonly loss: Metric;
  /** Every `every`-th step is explained, counted over all epochs. Infinity for none. */
  readonly every: number;
}

/** Yields the events of a training, and explanations of some of its steps. The training itself is not changed. */
export async function* withExplanations(
  events: AsyncIterable<FitEvent<"accuracy">> | Iterable<FitEvent<"accuracy">>,
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
