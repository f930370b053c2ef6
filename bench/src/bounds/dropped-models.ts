import { backward } from "@stargrad/autograd";
import { Linear, mseLoss } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { getEngine, ones, setEngine } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";

/** The maximum memory that the engine held after a model was dropped. */
export interface DroppedModels {
  readonly models: number;
  /** In MiB. One model with the states of its optimizer takes 3. */
  readonly held: number;
  /** The memory that the engine has reserved at the end, in MiB. */
  readonly reserved: number;
}

/** Makes models of 1 MiB one after another, trains each for two steps in a plain loop that awaits its losses, and drops it. */
export async function holdDroppedModels(models: number): Promise<DroppedModels> {
  const [before, engine] = [getEngine(), new WasmEngine({ threads: 1 })];
  setEngine(engine);
  const x = ones([4, 512]);
  let held = 0;
  for (let i = 0; i < models; i++) {
    const model = new Linear(512, 512);
    const optimizer = new AdamW(model.parameters());
    for (let step = 0; step < 2; step++) {
      const loss = mseLoss(model.forward(x), x);
      backward(loss);
      optimizer.step();
      optimizer.zeroGrad();
      await loss.item();
    }
    held = Math.max(held, engine.memory().used);
  }
  const { reserved } = engine.memory();
  setEngine(before);
  engine.dispose();
  return { models, held: held / 2 ** 20, reserved: reserved / 2 ** 20 };
}
