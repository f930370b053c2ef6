import {
  ArgumentError,
  assignAlong,
  Buffer,
  customFunction,
  DataLoader,
  fit,
  formatShape,
  fromData,
  Generator,
  getEngine,
  knownData,
  Linear,
  Module,
  normal,
  ones,
  Optimizer,
  Parameter,
  referenceEngine,
  Scheduler,
  Sequential,
  setEngine,
  ShapeError,
  tensor,
  Tensor,
  zeros,
  type Dataset,
  type DeclaredRule,
  type Engine,
  type InputShape,
  type OptimizerOptions,
  type Schedule,
  type Settings,
  type Shape,
  type ShapeRule,
  type State,
  type Tensors,
} from "stargrad";
import { afterEach, describe, expect, expectTypeOf, it } from "vitest";

// What somebody outside of this repository writes: a layer, an optimizer, a schedule, a dataset, a loss, a derivative and an engine,
// with the umbrella as the only import. If one of them needs more, a name is missing at a public door.

/** x / √(mean of x² so far) · weight for each feature, by statistics that run along while training. */
class RunningScale<Features extends number> extends Module {
  declare readonly shapeRule?: DeclaredRule<RunningScaleShapes, { readonly features: Features }>;
  readonly weight: Parameter;
  readonly meanSquare: Buffer;
  readonly features: Features;

  constructor(features: Features) {
    super("RunningScale", [features]);
    this.weight = new Parameter(ones([features]));
    this.meanSquare = new Buffer(ones([features]));
    this.features = features;
  }

  forward(x: Tensor): Tensor {
    if (x.shape.at(-1) !== this.features) {
      throw new ShapeError(this.describe(), `got ${formatShape(x.shape)}; expected […, ${this.features}]`);
    }
    if (this.training) {
      const now = x.detach().square().mean({ axis: 0 });
      assignAlong([now], [[this.meanSquare, this.meanSquare.add(now.sub(this.meanSquare).mul(0.1))]]);
    }
    return x.mul(this.meanSquare.add(1e-5).rsqrt()).mul(this.weight);
  }
}

interface RunningScaleShapes extends ShapeRule {
  readonly features: number;
  readonly output: InputShape<this>;
  readonly problem: InputShape<this> extends readonly [...Shape, this["features"]] ? false : "other features";
}

/** p ← p − α sign(m), m ← β m + (1 − β) g */
class SignDescent extends Optimizer<OptimizerOptions, "mean"> {
  constructor(parameters: Iterable<Parameter>, options: OptimizerOptions = {}) {
    super(parameters, options, { learningRate: 0.02, maximize: false });
  }

  protected check({ learningRate }: Settings<OptimizerOptions>) {
    if (!(learningRate >= 0)) throw new ArgumentError("SignDescent", `got learningRate ${learningRate}`);
  }

  protected initialState() {
    return { mean: 0 };
  }

  protected numbers({ learningRate }: Settings<OptimizerOptions>) {
    return { learningRate };
  }

  protected structure() {
    return {};
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { mean: m }: State<"mean">,
    { learningRate }: Tensors<SignDescent["numbers"]>,
  ) {
    const mean = m.mul(0.9).add(gradient.mul(0.1));
    return { parameter: parameter.sub(mean.sign().mul(learningRate)), state: { mean } };
  }
}

const halveEvery20: Schedule = (step) => 0.5 ** Math.floor(step / 20);

/** y = 3 x₀ − x₁ at points of a grid. */
class Plane implements Dataset<{ readonly x: Tensor; readonly y: Tensor }> {
  readonly length = 64;

  batch(indices: Int32Array) {
    const points = [...indices].map((i) => [(i % 8) / 4 - 1, Math.floor(i / 8) / 4 - 1]);
    const x = fromData(Float32Array.from(points.flat()), [points.length, 2]);
    return { x, y: tensor(points.map(([a, b]) => [3 * a - b])) };
  }
}

/** The mean of |output − target|, with a derivative that is limited in the middle. */
const softAbs = customFunction(
  (x: Tensor) => x.abs(),
  (g, [x]) => [g.mul(x.mul(10).tanh())],
);

function distance(output: Tensor, target: Tensor): Tensor {
  if (knownData(target)?.every((value) => Number.isFinite(value)) === false) {
    throw new ArgumentError("distance", "got a target that is not finite");
  }
  return softAbs(output.sub(target)).mean();
}

/** An engine of one's own: here it counts programs and leaves the work to the reference engine. */
function countingEngine(): Engine & { readonly prepared: () => number } {
  let prepared = 0;
  return {
    name: "counting",
    capabilities: referenceEngine.capabilities,
    prepared: () => prepared,
    prepare(outputs) {
      prepared++;
      return referenceEngine.prepare(outputs);
    },
  };
}

const before = getEngine();

afterEach(() => {
  setEngine(before);
});

describe("with public doors alone", () => {
  it("a model of one's own is trained, on an engine of one's own", async () => {
    const engine = countingEngine();
    setEngine(engine);
    const generator = new Generator(1);
    const model = new Sequential(
      new Linear(2, 8, { generator }),
      new RunningScale(8),
      new Linear(8, 1, { generator }),
    );
    const optimizer = new SignDescent(model.parameters());
    const scheduler = new Scheduler(optimizer, halveEvery20);
    const loader = new DataLoader(new Plane(), { batchSize: 16, shuffle: true, seed: 1 });

    const losses: number[] = [];
    let step = 0;
    for await (const event of fit({ model, optimizer, loader, loss: distance, epochs: 20 })) {
      if (event.event === "batch") scheduler.set(step++);
      if (event.event === "epoch") losses.push(event.loss);
    }
    expect(losses[0]).toBeGreaterThan(1);
    expect(losses.at(-1)).toBeLessThan(0.2);
    expect(engine.prepared()).toBeGreaterThan(0);
    expect(await model.namedBuffers().get("1.meanSquare")?.toArray()).not.toEqual(new Array(8).fill(1));
  });

  it("a layer's shape rule is followed", () => {
    const model = new Sequential(new Linear(2, 8), new RunningScale(8));
    expectTypeOf(model.forward(zeros([3, 2]))).toEqualTypeOf<Tensor<readonly [3, 8]>>();
    expect(() => new RunningScale(4).forward(normal([3, 2]))).toThrow(
      "RunningScale(4): got [3, 2]; expected […, 4]",
    );
  });
});
