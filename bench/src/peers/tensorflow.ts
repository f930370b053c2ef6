import { inProcess, type Contestant, type Prepared } from "../contestant.js";
import type { Inputs, Layer, Workload } from "../workload.js";
import { loadPeer, versions } from "./install.js";
import type { Tf, TfTensor } from "./tensorflow-api.js";

/** TensorFlow.js on WebAssembly. It has no threads in Node. */
export async function openTensorFlow(): Promise<Contestant[]> {
  const tf = loadPeer("@tensorflow/tfjs") as Tf;
  loadPeer("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  return [
    {
      name: `tfjs ${versions["@tensorflow/tfjs"]}`,
      party: "tfjs",
      prepare: (workload) =>
        new Promise((resolve) => {
          resolve(prepare(tf, workload));
        }),
    },
  ];
}

/** Images are [N, H, W, C] here and filters [kH, kW, in, out]. */
const [toImages, fromImages, toFilters] = [
  [0, 2, 3, 1],
  [0, 3, 1, 2],
  [2, 3, 1, 0],
];

function prepare(tf: Tf, { task, inputs }: Workload): Prepared {
  const numbers = inputs();
  if (task.kind === "forward") return forwardPass(tf, task.layers, numbers);
  if (task.kind === "trainingStep") return trainingStep(tf, task.layers, numbers);
  if (task.kind === "convolutionFilterGradient") {
    throw new Error("cannot: its WebAssembly backend has no gradient of a filter (Conv2DBackpropFilter)");
  }
  const tensors = tensorsOf(tf, numbers);
  const { a, b, x, weight, upstream } = tensors;
  const of = (f: () => TfTensor, read = (y: TfTensor) => y): Prepared =>
    computed(tf, f, read, Object.values(tensors));
  switch (task.kind) {
    case "matmul":
      return of(() => tf.matMul(a, b, task.transposeA, task.transposeB));
    case "convolution": {
      const [images, filter] = [tf.transpose(x, toImages), tf.transpose(weight, toFilters)];
      return of(
        () => tf.conv2d(images, filter, 1, task.padding),
        (y) => tf.transpose(y, fromImages),
      );
    }
    case "convolutionInputGradient": {
      const [images, filter] = [tf.transpose(upstream, toImages), tf.transpose(weight, toFilters)];
      const [n, c, h, w] = x.shape;
      return of(
        () => tf.conv2dTranspose(images, filter, [n, h, w, c], 1, task.padding),
        (y) => tf.transpose(y, fromImages),
      );
    }
    case "softmax":
      return of(() => tf.softmax(x));
    case "layerNorm":
      return of(() => {
        const { mean, variance } = tf.moments(x, -1, true);
        return x.sub(mean).mul(tf.rsqrt(variance.add(tf.scalar(1e-5))));
      });
    case "sum":
      return of(() => tf.sum(x, -1));
    case "reluChain":
      return of(() => tf.relu(x.mul(tf.scalar(2)).add(tf.scalar(1))).mul(x));
    case "tanhChain":
      return of(() => tf.tanh(x.mul(tf.scalar(2)).add(tf.scalar(1))).mul(x));
  }
}

function computed(
  tf: Tf,
  f: () => TfTensor,
  read: (y: TfTensor) => TfTensor,
  inputs: readonly TfTensor[],
): Prepared {
  return inProcess({
    compute: () => tf.tidy(f),
    read: (y) => tf.tidy(() => read(y)).data(),
    release(y) {
      y.dispose();
    },
    dispose() {
      for (const input of inputs) input.dispose();
    },
  });
}

/** The forward pass alone. */
function forwardPass(tf: Tf, layers: readonly Layer[], { x, ...initial }: Inputs): Prepared {
  const unknown = layers.find(({ layer }) => layer !== "linear" && layer !== "relu");
  if (unknown !== undefined) {
    throw new Error(`cannot: the layer "${unknown.layer}" in the forward pass alone is not implemented here`);
  }
  const { input, ...weights } = tensorsOf(tf, { input: x, ...initial });
  const parameters = denseParameters(tf, weights);
  const f = (): TfTensor => layers.reduce((y, layer, place) => apply(tf, layer, parameters, place, y), input);
  const all = [input, ...Object.values(weights), ...Object.values(parameters)];
  return computed(tf, f, (y) => y, all);
}

/** Variables with the parameters. In this library the weights of a dense layer are usually [in, out]. */
function denseParameters(tf: Tf, weights: Readonly<Record<string, TfTensor>>): Record<string, TfTensor> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, value]) => [
      name,
      tf.variable(value.shape.length === 2 ? tf.transpose(value, [1, 0]) : value),
    ]),
  );
}

function trainingStep(tf: Tf, layers: readonly Layer[], { x, y, ...initial }: Inputs): Prepared {
  const { input, target, ...weights } = tensorsOf(tf, { input: x, target: y, ...initial });
  const parameters = denseParameters(tf, weights);
  const logitsOf = (): TfTensor =>
    layers.reduce((y, layer, place) => apply(tf, layer, parameters, place, y), input);
  const classes = tf.tidy(logitsOf).shape[1];
  const labels = tf.oneHot(target, classes);
  const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8);
  return inProcess({
    async compute() {
      const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, logitsOf()), true);
      const [value] = await loss.data();
      loss.dispose();
      return value;
    },
    read: (loss) => [loss],
    dispose() {
      optimizer.dispose();
      for (const tensor of [input, target, labels, ...Object.values(parameters)]) tensor.dispose();
    },
  });
}

function apply(
  tf: Tf,
  { layer }: Layer,
  parameters: Readonly<Record<string, TfTensor>>,
  place: number,
  x: TfTensor,
): TfTensor {
  switch (layer) {
    case "linear":
      return tf.matMul(x, parameters[`${place}.weight`], false, false).add(parameters[`${place}.bias`]);
    case "relu":
      return tf.relu(x);
    case "embedding":
      throw new Error("cannot: its WebAssembly backend has no gradient of an embedding (UnsortedSegmentSum)");
    case "lstm":
      throw new Error('cannot: the layer "lstm" is not implemented here');
    default:
      throw new Error("cannot: its WebAssembly backend has no gradient of a filter (Conv2DBackpropFilter)");
  }
}

function tensorsOf(tf: Tf, inputs: Inputs): Record<string, TfTensor> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape }]) => [name, tf.tensor(data, [...shape])]),
  );
}
