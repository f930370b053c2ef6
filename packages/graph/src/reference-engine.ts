import { dtypes } from "./dtype.js";
import type { Engine } from "./engine.js";
import { HostStorage } from "./storage.js";
import { pendingNodes } from "./pending.js";
import { ReferencePlan } from "./reference-plan.js";

/**
 * The test oracle for every other engine, and the fallback where no other engine runs. Computes one primitive after another by
 * its reference semantics, each into a new array that is released after its last use.
 */
export const referenceEngine: Engine = {
  name: "reference",
  capabilities: { dtypes, synchronous: true },

  prepare(outputs) {
    const plan = new ReferencePlan(pendingNodes(outputs), outputs);
    const { leaves } = plan;
    return {
      leaves,
      run(elements) {
        const known = new Map(leaves.map((leaf, i) => [leaf, elements[i]]));
        const computed = plan.run((node) => {
          const data = known.get(node)?.readSync();
          return data === undefined ? undefined : { shape: node.shape, dtype: node.dtype, data };
        });
        return computed.map(({ data }) => new HostStorage(data));
      },
    };
  },
};
