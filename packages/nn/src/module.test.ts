import { backward, Buffer, Parameter } from "@stargrad/autograd";
import { Generator, ones, tensor, zeros, type DType, type Tensor } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from "vitest";

import { BatchNorm1d, Dropout, Linear, Module, ReLU, Sequential } from "./index.js";

/** A model as users write them: fields of every kind that counts, and some that do not. */
class Network extends Module {
  readonly scale = new Parameter(tensor([2, 3]));
  readonly count = new Buffer(tensor(0, { dtype: "int32" }));
  readonly encoder = new Sequential(new Linear(2, 2), new ReLU());
  readonly heads = [new Linear(2, 1, { bias: false }), [new Dropout(0.25)]];
  readonly note = "not part of the model";
  readonly notes = new Map([["neither", new Linear(1, 1)]]);
  readonly #hidden = new Linear(1, 1);

  forward(x: Tensor): Tensor {
    return this.#hidden.forward(this.encoder.forward(x.mul(this.scale)).narrow(-1, 0, 1));
  }
}

/** Two layers that share one weight. */
class Tied extends Module {
  readonly encode = new Parameter(ones([2, 2]));
  readonly decode = this.encode;

  forward(x: Tensor): Tensor {
    return x.matmul(this.encode).matmul(this.decode.transpose());
  }
}

let warned: MockInstance<typeof console.warn>;

beforeEach(() => {
  // The notes of the network contain a parameter, of which a warning tells.
  warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

afterEach(() => {
  warned.mockRestore();
});

describe("the fields of a module", () => {
  it("name its parts, in their order", () => {
    const model = new Network();
    expect([...model.stateDict().keys()]).toEqual([
      "scale",
      "count",
      "encoder.0.weight",
      "encoder.0.bias",
      "heads.0.weight",
    ]);
    expect([...model.namedParameters().keys()]).toEqual([
      "scale",
      "encoder.0.weight",
      "encoder.0.bias",
      "heads.0.weight",
    ]);
    expect([...model.namedBuffers()]).toEqual([["count", model.count]]);
    expect(model.parameters()).toEqual([...model.namedParameters().values()]);
  });

  it("name the parameters in messages, after a call of namedParameters", () => {
    const model = new Network();
    model.parameters();
    expect(model.scale.name).toBe("scale");
    expect(model.encoder.layers[0].weight.name).toBe("encoder.0.weight");
  });

  it("prints as a tree, with the number of parameters and the shapes of each module's own", () => {
    const model = new Network();
    model.encoder.freeze();
    expect(`\n${model.toString()}`).toMatchInlineSnapshot(`
      "
      Network                                    10  parameters: scale [2]; buffers count [] int32
      ├─ encoder: Sequential                      6
      │  ├─ 0: Linear(2, 2)                       6  weight [2, 2] frozen, bias [2] frozen
      │  └─ 1: ReLU()
      ├─ heads.0: Linear(2, 1, { bias: false })   2  weight [1, 2]
      └─ heads.1.0: Dropout(0.25)"
    `);
    const linear = new Linear(2, 3, { dtype: "float64" });
    // @ts-expect-error TypeScript sees it too
    expect(`\n${new Sequential(linear, new BatchNorm1d(3), linear).toString()}`).toMatchInlineSnapshot(`
      "
      Sequential                                15  parameters
      ├─ 0: Linear(2, 3, { dtype: "float64" })   9  weight [3, 2] float64, bias [3] float64
      ├─ 1: BatchNorm1d(3)                       6  weight [3], bias [3]; buffers running_mean [3], running_var [3], num_batches_tracked [] int32
      └─ 2: the same as 0"
    `);
    expect(new Tied().toString()).toMatchInlineSnapshot(
      `"Tied()  4  parameters: encode [2, 2], decode [2, 2]"`,
    );
    expect(new Linear(1, 1, { bias: false }).toString()).toMatchInlineSnapshot(
      `"Linear(1, 1, { bias: false })  1  parameter: weight [1, 1]"`,
    );
    expect(new ReLU().toString()).toMatchInlineSnapshot(`"ReLU()  0  parameters"`);
  });

  it("prints a user-defined class by its name, or with the arguments that it passes", () => {
    class Halved extends Module {
      forward(x: Tensor): Tensor {
        return x.div(2);
      }
    }
    class Scaled extends Module {
      readonly factor: Parameter;
      constructor(factor: number, options: { readonly dtype?: DType; readonly generator?: Generator } = {}) {
        super("Scaled", [factor], options, ["dtype", "generator"]);
        this.factor = new Parameter(tensor(factor, { dtype: options.dtype ?? "float32" }));
      }
      forward(x: Tensor): Tensor {
        return x.mul(this.factor);
      }
    }
    // As a bundler leaves it: the class has lost its name, and the layer keeps it.
    const Shortened = class extends Module {
      readonly inner = new Halved();
      constructor() {
        super("Wrapped");
      }
      forward(x: Tensor): Tensor {
        return this.inner.forward(x);
      }
    };
    class Adapted extends Scaled {}
    expect(new Halved().describe()).toBe("Halved()");
    expect(new Scaled(3).describe()).toBe("Scaled(3)");
    const options = { dtype: "float64", generator: new Generator(1) } as const;
    expect(new Scaled(3, options).describe()).toBe('Scaled(3, { dtype: "float64" })');
    expect(new Adapted(2).describe()).toBe("Scaled(2)");
    expect(new Shortened().describe()).toBe("Wrapped");
    expect(`\n${new Sequential(new Halved(), new Scaled(3)).toString()}`).toMatchInlineSnapshot(`
      "
      Sequential       1  parameter
      ├─ 0: Halved()
      └─ 1: Scaled(3)  1  factor []"
    `);
  });

  it("refuses an option that a layer does not have, or of which it does not say the names", () => {
    class Scaled extends Module {
      constructor(options: object, known?: readonly string[]) {
        super("Scaled", [], options, known);
      }
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => new Scaled({ factr: 2 }, ["factor"])).toThrow(
      "Scaled: got the unknown option factr; expected factor. Did you mean factor?",
    );
    expect(() => new Scaled({})).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Scaled: got options without the names of all that exist. Pass them as the fourth argument of super: ["bias", …]]`,
    );
  });

  it("do not get a name by printing or freezing", () => {
    const inner = new Linear(2, 2).freeze();
    inner.toString();
    const model = new Sequential(inner);
    model.parameters();
    expect(inner.weight.name).toBe("0.weight");
  });

  it("contain a shared parameter once, and each of its names in the state", () => {
    const model = new Tied();
    expect([...model.namedParameters().keys()]).toEqual(["encode"]);
    expect([...model.stateDict().keys()]).toEqual(["encode", "decode"]);
    backward(model.forward(ones([1, 2])).sum());
    expect(model.parameters()[0].grad?.toArraySync()).toEqual([
      [4, 4],
      [4, 4],
    ]);
    model.loadStateDict(
      new Map([
        ["encode", zeros([2, 2])],
        ["decode", ones([2, 2])],
      ]),
    );
    expect(model.encode.dataSync()).toEqual(Float32Array.of(1, 1, 1, 1));
  });

  it("contain a module that is used twice under both names", () => {
    const linear = new Linear(2, 2);
    const model = new Sequential(linear, new ReLU(), linear);
    expect(model.parameters()).toEqual([linear.weight, linear.bias]);
    expect([...model.stateDict().keys()]).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
  });

  it("may be nested to any depth", () => {
    class Wrapped extends Module {
      constructor(readonly inner: Module) {
        super();
      }
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const wrapped = (depth: number): Module => {
      let model: Module = new Linear(1, 1);
      for (let i = 0; i < depth; i++) model = new Wrapped(model);
      return model;
    };
    const deep = wrapped(5000);
    expect(deep.eval().parameters().length).toBe(2);
    expect(deep.modules().every(({ training }) => !training)).toBe(true);
    // A tree that counts the parameters of each of its lines.
    expect(String(wrapped(500)).split("\n").length).toBe(501);
  });

  it("may not contain the module itself", () => {
    class Child extends Module {
      parent: Module | null = null;
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const child = new Child();
    child.parent = new Sequential(child);
    expect(() => child.parameters()).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Child: 0 of Sequential is a module that contains it. Store a reference to an outer module in a private field, such as #parent]`,
    );
  });
});

describe("the modules of a module", () => {
  it("are named by its fields, itself first and each once", () => {
    const model = new Network();
    const [linear, relu] = model.encoder.layers;
    const [head, [dropout]] = model.heads as [Linear, [Dropout]];
    const modules: Module[] = [model, model.encoder, linear, relu, head, dropout];
    expect(model.modules()).toEqual(modules);
    expect([...model.namedModules().values()]).toEqual(modules);
    expect([...model.namedModules().keys()]).toEqual([
      "",
      "encoder",
      "encoder.0",
      "encoder.1",
      "heads.0",
      "heads.1.0",
    ]);
    expect(model.children()).toEqual([model.encoder, head, dropout]);
    const [again, between] = [new ReLU(), new Linear(1, 1)];
    const twice = new Sequential(again, between, again);
    expect(twice.modules()).toEqual([twice, again, between]);
    expect(twice.children()).toEqual([again, between]);
  });

  it("are visited by apply, children before their parents", () => {
    const model = new Network();
    const visited: Module[] = [];
    expect(model.apply((module) => void visited.push(module))).toBe(model);
    const [linear, relu] = model.encoder.layers;
    const [head, [dropout]] = model.heads as [Linear, [Dropout]];
    expect(visited).toEqual([linear, relu, model.encoder, head, dropout, model]);
    model.apply((module) => {
      if (module instanceof Linear) module.weight.assign(ones(module.weight.shape));
    });
    expect(model.encoder.layers[0].weight.toArraySync()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });
});

describe("a frozen module", () => {
  it("has no gradient, not even an earlier one, and propagates gradients", () => {
    const model = new Sequential(new Linear(2, 2), new ReLU(), new Linear(2, 2), new Linear(2, 1));
    const [first, , frozen] = model.layers;
    const x = ones([3, 2]);
    backward(model.forward(x).sum());
    expect(frozen.freeze()).toBe(frozen);
    expect(frozen.weight.grad).toBeNull();
    for (const parameter of model.parameters()) parameter.grad = null;
    backward(model.forward(x).sum());
    expect(frozen.parameters().map(({ grad }) => grad)).toEqual([null, null]);
    expect(first.weight.grad).not.toBeNull();
    expect(model.parameters().filter(({ requiresGradient }) => requiresGradient)).toHaveLength(4);
  });

  it("is trainable again after unfreeze", () => {
    const model = new Linear(2, 1).freeze();
    expect(() => {
      backward(model.forward(ones([1, 2])).sum());
    }).toThrow();
    expect(model.unfreeze()).toBe(model);
    backward(model.forward(ones([1, 2])).sum());
    expect(model.weight.grad?.toArraySync()).toEqual([[1, 1]]);
  });
});

describe("train and eval", () => {
  it("reach every module inside", () => {
    const model = new Network();
    const dropout = (model.heads[1] as Dropout[])[0];
    expect([model.training, dropout.training]).toEqual([true, true]);
    expect(model.eval()).toBe(model);
    expect([model.training, model.encoder.layers[1].training, dropout.training]).toEqual([
      false,
      false,
      false,
    ]);
    model.train();
    expect([model.training, dropout.training]).toEqual([true, true]);
  });
});

describe("state dict", () => {
  it("is a copy that does not change later", () => {
    const model = new Linear(1, 1);
    const before = model.weight.itemSync();
    const state = model.stateDict();
    model.weight.assign(tensor([[before + 1]]));
    model.weight.assign(tensor([[before + 2]]));
    expect(state.get("weight")!.itemSync()).toBe(before);
    expect(state.get("weight")).not.toBeInstanceOf(Parameter);
    expect(state.get("weight")!.node.tracked).toBe(false);
  });

  it("restores another model to the same bits", () => {
    const [trained, fresh] = [new Network(), new Network()];
    trained.count.assign(tensor(7, { dtype: "int32" }));
    fresh.loadStateDict(trained.stateDict());
    for (const [name, value] of trained.stateDict()) {
      expect(fresh.stateDict().get(name)!.dataSync(), name).toEqual(value.dataSync());
    }
    // Training continues with the same optimizer: its parameters are still the same objects, with the new values.
    backward(fresh.encoder.forward(fresh.scale).sum());
    expect(fresh.scale.grad).not.toBeNull();
  });

  it("is a map of tensors: anything else is an error that says how to make one", () => {
    const load = (state: unknown) => () => {
      new Linear(1, 1, { bias: false }).loadStateDict(state as Map<string, Tensor>);
    };
    expect(load({})).toThrow(
      "loadStateDict: got an object; expected a map from names to tensors. Convert an object with new Map(Object.entries(object))",
    );
    expect(load(undefined)).toThrow("got undefined; expected a map");
    expect(load(new Linear(1, 1))).toThrow("Pass its stateDict()");
    expect(load({ model: new Map() })).toThrow("Pass a part of a checkpoint, such as checkpoint.model");
    expect(load(Promise.resolve(new Map()))).toThrow(
      "got a promise; expected a map from names to tensors. A forgotten await?",
    );
    expect(load(new Map([["weight", [[1]]]]))).toThrow("weight: got no tensor; expected float32 [1, 1]");
  });

  it("reports everything that does not fit at once, and changes nothing", () => {
    const model = new Sequential(new Linear(4, 3), new ReLU(), new Linear(3, 2));
    const before = new Map([...model.stateDict()].map(([name, value]) => [name, value.dataSync()]));
    const wrong = new Map<string, Tensor>([
      ["0.weight", zeros([4, 3])],
      ["0.bias", zeros([3], { dtype: "float64" })],
      ["2.weight", zeros([2, 3])],
      ["3.weight", zeros([2, 3])],
      ["epoch", zeros([])],
    ]);
    expect(() => {
      model.loadStateDict(wrong);
    }).toThrowErrorMatchingInlineSnapshot(`
      [ArgumentError: loadStateDict: the state does not fit Sequential, and nothing was loaded
        missing: 2.bias
        unexpected: 3.weight, epoch
        0.weight: got float32 [4, 3]; expected float32 [3, 4]
        0.bias: got float64 [3]; expected float32 [3]]
    `);
    for (const [name, value] of model.stateDict()) expect(value.dataSync()).toEqual(before.get(name));
  });
});

describe("a slip with a module", () => {
  it.each<readonly [string, unknown]>([
    ["[[1]]", [[1]]],
    ["2", 2],
    ["a tensor", tensor([[1]])],
  ])("is a weight that is no variable: %s", (got, weight) => {
    const layer = new Linear(1, 1);
    Object.assign(layer, { weight });
    expect(() => layer.forward(tensor([[1]]))).toThrow(
      `Linear(1, 1): got ${got} as its weight; expected a variable, because nothing else is trained and saved. To replace the value, call layer.weight.assign(x)`,
    );
  });

  it.each(["data", "value"])("is an assignment to %s of a weight", (name) => {
    const { weight } = new Linear(1, 1);
    expect(() => Object.assign(weight, { [name]: tensor([[3]]) })).toThrow(
      `Tensor: got an assignment to ${name}, which would have no effect. Call x.assign(value) of a parameter or a buffer`,
    );
    expect(weight.dataSync()).toHaveLength(1);
  });

  it("is something else than a function for apply", () => {
    expect(() => new Linear(1, 1).apply("x" as never)).toThrow('apply: got f "x"; expected a function');
  });
});

describe("a field of a module", () => {
  class Plain extends Module {
    readonly layer = new Linear(1, 1);
    forward(x: Tensor): Tensor {
      return this.layer.forward(x);
    }
  }

  it.each(["parts", "children", "freeze"])("may not hide the method %s", (name) => {
    const model = Object.assign(new Plain(), { [name]: [new Linear(1, 1)] });
    expect(() => model.parameters()).toThrow(
      `Plain: got a field ${name}, which hides the method of every module. Rename it`,
    );
  });

  it("may be a method", () => {
    const model = new Plain();
    const parts = model.parts.bind(model);
    expect(Object.assign(model, { parts }).parameters()).toHaveLength(2);
  });

  it.each<readonly [string, unknown]>([
    ["a Map", new Map([["one", new Linear(1, 1)]])],
    ["a Set", new Set([new Linear(1, 1)])],
    ["a plain object", { one: new Linear(1, 1) }],
    ["a plain object of variables", { one: new Linear(1, 1).weight }],
  ])("contains parts in %s, of which a warning tells once", (_, layers) => {
    const model = Object.assign(new Plain(), { layers });
    const outer = new Sequential(model as never);
    for (let i = 0; i < 2; i++) outer.parameters();
    expect(warned.mock.calls).toEqual([
      [
        "Plain: what layers contains is not part of the model: it is neither trained nor saved. Use an array or a ModuleDict.",
      ],
    ]);
  });

  it("may be a Map that the class lists among its fields, or an object of other values", () => {
    class Listed extends Module {
      readonly layers = new Map([["one", new Linear(1, 1)]]);
      readonly settings = { size: 1 };
      forward(): void {
        throw new Error("not called");
      }
      protected override fields(): Iterable<readonly [string, unknown]> {
        return this.layers;
      }
    }
    expect(new Listed().parameters()).toHaveLength(2);
    expect(warned).not.toHaveBeenCalled();
  });
});
