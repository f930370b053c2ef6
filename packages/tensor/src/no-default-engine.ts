import { StargradError, type Engine } from "@stargrad/graph";

/** `#default-engine` under the condition `stargrad-no-engine`: the bundle contains no engine, so this throws. */
export function defaultEngine(): Engine {
  throw new StargradError(
    "getEngine",
    "no engine has been chosen, and the condition stargrad-no-engine leaves out the default one",
    "Call setEngine before anything is computed, or resolve packages without that condition",
  );
}
