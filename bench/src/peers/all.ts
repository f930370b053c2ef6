import type { Contestant } from "../contestant.js";
import { openJax } from "./jax.js";
import { openTensorFlow } from "./tensorflow.js";
import { openTorch } from "./torch.js";

/** PyTorch, or all peers this machine has or can fetch. Who is missing is named, and does not stop the others. */
export async function openPeers(which: "torch" | "all"): Promise<Contestant[]> {
  const peers: Contestant[] = [];
  for (const open of which === "all" ? [openJax, openTensorFlow, openTorch] : [openTorch]) {
    try {
      peers.push(...(await open()));
    } catch (error) {
      console.error(`bench: without a peer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return peers;
}
