import { sizes, train } from "../../../training.js";

export const dynamic = "force-dynamic";

/** Trains at each request. */
export async function GET() {
  return Response.json(await train(sizes.large));
}
