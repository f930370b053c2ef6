import {
  Adam,
  backward,
  decodeSafetensors,
  encodeSafetensors,
  Generator,
  getEngine,
  Linear,
  mseLoss,
  normal,
  ReLU,
  Sequential,
} from "stargrad";

// What every project trains: a small network learns from a larger teacher what to answer. Then it is saved and loaded.

/** Large enough for several threads, and small enough for one. */
export const sizes = { large: { samples: 256, hidden: 128 }, small: { samples: 32, hidden: 16 } };

export async function train({ samples, hidden }) {
  const started = performance.now();
  const warnings = [];
  const { warn, error } = console;
  console.warn = console.error = (...message) => warnings.push(message.map(String).join(" "));
  // Threads are woken for every program that they share.
  let shared = 0;
  const { notify } = Atomics;
  Atomics.notify = (...given) => {
    shared++;
    return notify(...given);
  };
  try {
    const engine = getEngine();
    const isLarge = samples * hidden > 10_000;
    const threads = isLarge ? ((await engine.startThreads?.()) ?? 1) : 1;
    const generator = new Generator(1);
    const layer = (from, to) => new Linear(from, to, { generator });
    const x = normal([samples, 64], { generator });
    const teacher = new Sequential(layer(64, 32), new ReLU(), layer(32, 1));
    const y = teacher.forward(x).detach();
    const model = new Sequential(layer(64, hidden), new ReLU(), layer(hidden, 1));
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const losses = [];
    for (let step = 0; step < 60; step++) {
      const loss = mseLoss(model.forward(x), y);
      backward(loss);
      optimizer.step();
      optimizer.zeroGrad();
      losses.push(await loss.item());
    }
    const { tensors } = decodeSafetensors(await encodeSafetensors(model.stateDict()));
    model.loadStateDict(tensors);
    const seconds = (performance.now() - started) / 1000;
    return {
      engine: engine.name,
      threads: shared > 0 ? threads : 1,
      first: losses[0],
      last: losses.at(-1),
      warnings,
      seconds,
    };
  } finally {
    Object.assign(console, { warn, error });
    Atomics.notify = notify;
  }
}
