import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { describe, it } from "vitest";

import { saveCheckpoint } from "./checkpoint.js";
import { expectWhole, modelOf, temporaryCheckpoint } from "./testing/checkpoints.js";

const checkpoint = temporaryCheckpoint();

describe("a checkpoint that is being saved", () => {
  it("is the old one or the new one when the process is killed", async () => {
    const { path } = checkpoint;
    await saveCheckpoint(path, { model: modelOf(0), metadata: { epoch: 0 } });
    const script = `
      import { Linear } from "@stargrad/nn";
      import { full } from "@stargrad/tensor";
      import { saveCheckpoint } from ${JSON.stringify(new URL("./checkpoint.ts", import.meta.url).href)};
      const model = new Linear(300, 1000, { bias: false });
      console.log("started");
      for (let epoch = 1; ; epoch++) {
        model.weight.assign(full([1000, 300], epoch));
        await saveCheckpoint(${JSON.stringify(path)}, { model, metadata: { epoch } });
      }`;
    for (const milliseconds of [20, 150, 350]) {
      const child = spawn(
        process.execPath,
        ["--conditions=source", "--import", "tsx", "--input-type=module", "--eval", script],
        { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
      );
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill("SIGKILL");
      await once(child, "exit");
      await expectWhole(path);
    }
  });
});
