import { sizes, train } from "../../training.js";
import { Trainer } from "./trainer";

/** A server component that trains while the page is built, with a client component that trains in the browser. */
export default async function Page() {
  return (
    <main>
      <pre id="server">{JSON.stringify(await train(sizes.large))}</pre>
      <Trainer />
    </main>
  );
}
