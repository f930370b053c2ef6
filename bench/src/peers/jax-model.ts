import type { Layer } from "../workload.js";
import type { Jax, JaxArray, JaxTree } from "./jax-api.js";

/** The model in jax-js. Names of parameters begin with the index of the layer; dense weights are [in, out]. */
export function forward(jax: Jax, layers: readonly Layer[], parameters: JaxTree, x: JaxArray): JaxArray {
  return layers.reduce((y, layer, place) => apply(jax, layer, named(parameters, `${place}.`), y), x);
}

function apply(jax: Jax, layer: Layer, p: JaxTree, x: JaxArray): JaxArray {
  const { numpy: np, nn, lax } = jax;
  switch (layer.layer) {
    case "linear":
      return np.matmul(x, p.weight).add(p.bias);
    case "convolution": {
      const padding = (layer.size - 1) / 2;
      const both: [number, number] = [padding, padding];
      return lax.convGeneralDilated(x, p.weight, [1, 1], [both, both]).add(p.bias.reshape([-1, 1, 1]));
    }
    case "maxPool": {
      const [n, c, h, w] = x.shape;
      const { size } = layer;
      return np.max(x.reshape([n, c, h / size, size, w / size, size]), [3, 5]);
    }
    case "relu":
      return nn.relu(x);
    case "flatten":
      return x.reshape([x.shape[0], -1]);
    case "embedding":
      // jax-js has no gradient of gather.
      return np.matmul(nn.oneHot(x, layer.rows), p.weight);
    case "positions":
      return x.add(p.weight);
    case "layerNorm":
      return layerNorm(jax, p, x);
    case "causalTransformer":
      return transformer(jax, layer.heads, p, x);
    case "encoder":
      return encoder(jax, layer.heads, p, x);
    default:
      throw new Error(`cannot: the layer "${layer.layer}" is not implemented here`);
  }
}

function transformer(jax: Jax, heads: number, p: JaxTree, x: JaxArray): JaxArray {
  const { numpy: np, nn } = jax;
  const normal = layerNorm(jax, named(p, "norm1."), x.ref);
  const attended = attention(jax, heads, named(p, "self_attn."), normal, { causal: true });
  const h = x.add(attended);
  const hidden = np
    .matmul(layerNorm(jax, named(p, "norm2."), h.ref), p["linear1.weight"])
    .add(p["linear1.bias"]);
  const activated = nn.gelu(hidden, { approximate: false });
  return h.add(np.matmul(activated, p["linear2.weight"]).add(p["linear2.bias"]));
}

/** The norms are after the residual connections, and every place sees every other. */
function encoder(jax: Jax, heads: number, p: JaxTree, x: JaxArray): JaxArray {
  const { numpy: np, nn } = jax;
  const attended = attention(jax, heads, named(p, "self_attn."), x.ref, { causal: false });
  const h = layerNorm(jax, named(p, "norm1."), x.add(attended));
  const hidden = nn.relu(np.matmul(h.ref, p["linear1.weight"]).add(p["linear1.bias"]));
  const y = np.matmul(hidden, p["linear2.weight"]).add(p["linear2.bias"]);
  return layerNorm(jax, named(p, "norm2."), h.add(y));
}

/** The attention of jax-js uses `einsum`, which needs Node 22. */
function attention(
  { numpy: np, nn }: Jax,
  heads: number,
  p: JaxTree,
  x: JaxArray,
  { causal }: { readonly causal: boolean },
): JaxArray {
  const [batch, places, features] = x.shape;
  const size = features / heads;
  const projected = np.matmul(x, p.in_proj_weight).add(p.in_proj_bias);
  const [query, key, value] = np
    .split(projected, 3, -1)
    .map((part) => part.reshape([batch, places, heads, size]).transpose([0, 2, 1, 3]));
  const all = np.matmul(query, np.matrixTranspose(key)).div(Math.sqrt(size));
  const scores = causal ? all.add(np.triu(np.ones([places, places]), 1).mul(-1e9)) : all;
  const values = np
    .matmul(nn.softmax(scores, -1), value)
    .transpose([0, 2, 1, 3])
    .reshape([batch, places, features]);
  return np.matmul(values, p["out_proj.weight"]).add(p["out_proj.bias"]);
}

function layerNorm({ nn }: Jax, p: JaxTree, x: JaxArray): JaxArray {
  return nn.standardize(x, -1, { epsilon: 1e-5 }).mul(p.weight).add(p.bias);
}

/** The parameters whose names begin with a prefix, by their names without it. */
function named(parameters: JaxTree, prefix: string): JaxTree {
  return Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
