import type { Contestant } from "../contestant.js";
import { openJax } from "./jax.js";
import { openTensorFlow } from "./tensorflow.js";
import { openTorch } from "./torch.js";

/** PyTorch, or all peers that are installed or can be installed. Missing peers are reported, and the others take part. */
export async function openPeers(which: "torch" | "all"): Promise<Contestant[]> {
  const peers: Contestant[] = [];
  for (const open of which === "all" ? [openJax, openTensorFlow, openTorch] : [openTorch]) {
    try {
      peers.push(...(await open()));
    } catch (error) {
      console.error(`bench: peer not available: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return peers;
}
