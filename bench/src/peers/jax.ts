import { inProcess, type Contestant, type Prepared } from "../contestant.js";
import type { Inputs, Layer, Workload } from "../workload.js";
import { loadPeer, versions } from "./install.js";
import type { Jax, JaxArray, JaxTree } from "./jax-api.js";
import { forward } from "./jax-model.js";

/** jax-js on WebAssembly, everything under `jit`. It has no threads in Node. */
export async function openJax(): Promise<Contestant[]> {
  const jax = loadPeer("@jax-js/jax") as Jax;
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return [
    {
      name: `jax-js ${versions["@jax-js/jax"]}`,
      party: "jax-js",
      prepare: (workload) => Promise.resolve(prepare(jax, workload)),
    },
  ];
}

function prepare(jax: Jax, { task, inputs }: Workload): Prepared {
  const { numpy: np, nn, lax } = jax;
  const numbers = inputs();
  if (task.kind === "forward") return forwardPass(jax, task.layers, numbers);
  if (task.kind === "trainingStep") return trainingStep(jax, task.layers, numbers);
  const { a, b, x, weight, upstream } = arraysOf(jax, numbers);
  const of = (f: (...inputs: JaxArray[]) => JaxArray, ...used: JaxArray[]): Prepared =>
    computed(jax.jit(f), used);
  switch (task.kind) {
    case "matmul": {
      const read = (matrix: JaxArray, transposed: boolean): JaxArray =>
        transposed ? np.matrixTranspose(matrix) : matrix;
      return of((a, b) => np.matmul(read(a, task.transposeA), read(b, task.transposeB)), a, b);
    }
    case "convolution":
      return of((x, weight) => convolution(x, weight), x, weight);
    case "convolutionInputGradient":
      return of(
        (x, weight, upstream) => jax.grad((x) => convolution(x, weight).mul(upstream).sum())(x),
        ...[x, weight, upstream],
      );
    case "convolutionFilterGradient":
      return of(
        (x, weight, upstream) => jax.grad((weight) => convolution(x, weight).mul(upstream).sum())(weight),
        ...[x, weight, upstream],
      );
    case "softmax":
      return of((x) => nn.softmax(x, -1), x);
    case "layerNorm":
      return of((x) => nn.standardize(x, -1, { epsilon: 1e-5 }), x);
    case "sum":
      return of((x) => x.sum(-1), x);
    case "reluChain":
      return of((x) => nn.relu(x.ref.mul(2).add(1)).mul(x), x);
    case "tanhChain":
      return of((x) => np.tanh(x.ref.mul(2).add(1)).mul(x), x);
  }

  function convolution(x: JaxArray, weight: JaxArray): JaxArray {
    const { padding } = task as { padding: number };
    return lax.convGeneralDilated(
      x,
      weight,
      [1, 1],
      [
        [padding, padding],
        [padding, padding],
      ],
    );
  }
}

function computed(f: (...inputs: JaxArray[]) => JaxArray, inputs: readonly JaxArray[]): Prepared {
  return inProcess({
    compute: () => f(...inputs.map(({ ref }) => ref)).blockUntilReady(),
    read: (y) => y.ref.data(),
    release(y) {
      y.dispose();
    },
    dispose() {
      for (const input of inputs) input.dispose();
    },
  });
}

/** The forward pass alone. The parameters are arguments of the recorded function, so they are not folded into it as constants. */
function forwardPass(jax: Jax, layers: readonly Layer[], { x, ...initial }: Inputs): Prepared {
  const { input } = arraysOf(jax, { input: x });
  const parameters = parametersOf(jax, layers, initial);
  const run = jax.jit((parameters: JaxTree, input: JaxArray) => forward(jax, layers, parameters, input));
  return inProcess({
    compute: () =>
      run(
        mapTree(parameters, ({ ref }) => ref),
        input.ref,
      ).blockUntilReady(),
    read: (y) => y.ref.data(),
    release(y) {
      y.dispose();
    },
    dispose() {
      for (const array of [input, ...Object.values(parameters)]) array.dispose();
    },
  });
}

/** The parameters as arrays. In this library the weights of a dense layer are usually [in, out]. */
function parametersOf(jax: Jax, layers: readonly Layer[], initial: Inputs): JaxTree {
  return mapTree(arraysOf(jax, initial), (value, name) =>
    isDense(layers, name) ? jax.numpy.matrixTranspose(value) : value,
  );
}

interface Training {
  readonly parameters: JaxTree;
  readonly firstMoments: JaxTree;
  readonly secondMoments: JaxTree;
  /** β₁ᵗ and β₂ᵗ. */
  readonly decays: JaxTree;
}

const [beta1, beta2, epsilon, learningRate] = [0.9, 0.999, 1e-8, 1e-3];

function trainingStep(jax: Jax, layers: readonly Layer[], { x, y, ...initial }: Inputs): Prepared {
  const { numpy: np, nn } = jax;
  const { input, target } = arraysOf(jax, { input: x, target: y });
  const parameters = parametersOf(jax, layers, initial);
  let state: Training = {
    parameters,
    firstMoments: mapTree(parameters, ({ ref }) => np.zerosLike(ref)),
    secondMoments: mapTree(parameters, ({ ref }) => np.zerosLike(ref)),
    decays: arraysOf(jax, { beta1: scalar(1), beta2: scalar(1) }),
  };
  const step = jax.jit((state: Training, input: JaxArray, target: JaxArray): [JaxArray, Training] => {
    const loss = (parameters: JaxTree): JaxArray => {
      const logits = forward(jax, layers, parameters, input);
      const classes = logits.shape[logits.shape.length - 1];
      const logarithms = nn.logSoftmax(logits.reshape([-1, classes]), -1);
      return logarithms.mul(nn.oneHot(target, classes)).sum().div(-target.shape[0]);
    };
    const [value, gradients] = jax.valueAndGrad(loss)(mapTree(state.parameters, ({ ref }) => ref));
    return [value, adam(jax, state, gradients)];
  });
  return inProcess({
    async compute() {
      const [loss, next] = step(state, input.ref, target.ref);
      state = next;
      const [value] = await loss.data();
      return value;
    },
    read: (loss) => [loss],
    dispose() {
      const { parameters, firstMoments, secondMoments, decays } = state;
      for (const tree of [{ input, target }, parameters, firstMoments, secondMoments, decays]) {
        for (const array of Object.values<JaxArray>(tree)) array.dispose();
      }
    },
  });
}

function adam({ numpy: np }: Jax, state: Training, gradients: JaxTree): Training {
  const decays = { beta1: state.decays.beta1.mul(beta1), beta2: state.decays.beta2.mul(beta2) };
  const rest = (decay: JaxArray): JaxArray => decay.ref.mul(-1).add(1);
  const firstMoments = mapTree(state.firstMoments, (m, name) =>
    m.mul(beta1).add(gradients[name].ref.mul(1 - beta1)),
  );
  const secondMoments = mapTree(state.secondMoments, (v, name) =>
    v.mul(beta2).add(np.square(gradients[name]).mul(1 - beta2)),
  );
  const parameters = mapTree(state.parameters, (parameter, name) => {
    const scale = np.sqrt(secondMoments[name].ref.div(rest(decays.beta2))).add(epsilon);
    return parameter.sub(firstMoments[name].ref.div(rest(decays.beta1)).div(scale).mul(learningRate));
  });
  return { parameters, firstMoments, secondMoments, decays };
}

function isDense(layers: readonly Layer[], name: string): boolean {
  const { layer } = layers[Number.parseInt(name)];
  if (layer === "causalTransformer" || layer === "encoder")
    return /proj.*weight$|linear\d\.weight$/.test(name);
  return layer === "linear" && name.endsWith("weight");
}

function mapTree(tree: JaxTree, f: (array: JaxArray, name: string) => JaxArray): JaxTree {
  return Object.fromEntries(Object.entries(tree).map(([name, array]) => [name, f(array, name)]));
}

function scalar(value: number): Inputs[string] {
  return { shape: [], data: Float32Array.of(value) };
}

function arraysOf({ numpy: np }: Jax, inputs: Inputs): JaxTree {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, np.array(data, { shape: [...shape] })]),
  );
}
