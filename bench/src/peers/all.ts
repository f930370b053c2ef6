import type { Contestant } from "../contestant.js";
import { openJax } from "./jax.js";
import { openTensorFlow } from "./tensorflow.js";
import { openTorch } from "./torch.js";

/** All peers this machine has or can fetch. Who is missing is named, and does not stop the others. */
export async function openPeers(): Promise<Contestant[]> {
  const peers: Contestant[] = [];
  for (const open of [openJax, openTensorFlow, openTorch]) {
    try {
      peers.push(...(await open()));
    } catch (error) {
      console.error(`bench: without a peer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return peers;
}
