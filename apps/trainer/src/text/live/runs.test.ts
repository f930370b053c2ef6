import { beforeAll, describe, expect, it } from "vitest";

import { passagesOf } from "../passages.js";
import { talesOf } from "../tales.js";
import { TextRun } from "./runs.js";
import { sizes, usualSettings } from "./sizes.js";

// One run, and what a look at it says.
const settings = { ...usualSettings, steps: 60 };
const passages = passagesOf(talesOf(), "the tales", { context: sizes.context });

async function finished(run: TextRun): Promise<TextRun> {
  await run.open();
  while (run.end === null) await run.step();
  return run;
}

describe("a run of the text lesson", () => {
  let run: TextRun;
  beforeAll(async () => {
    const started = performance.now();
    run = await finished(new TextRun(passages, settings));
    console.log(`60 steps: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  });

  it("ends at its last step, and says what it wrote before the first one and after every 50", () => {
    expect(run.end).toEqual({ kind: "done" });
    expect(run.losses).toHaveLength(60);
    expect(run.reports.map(({ steps }) => steps)).toEqual([0, 50, 60]);
    expect(run.reports[2].heldOut).toBeLessThan(run.reports[0].heldOut - 1);
  });

  it("is made again from recorded states, byte for byte", async () => {
    for (const number of [51, 26, 60, 2]) {
      const start = number - ((number - 1) % 25);
      const { losses } = await run.replay(number);
      expect(losses).toEqual(run.losses.slice(start - 1, number - 1));
    }
    await run.look(25, "read");
    const { fingerprint } = await run.account(25, "read");
    expect(fingerprint).toBe(run.recorded(26));
    expect((await run.replay(51)).fingerprint).toBe(run.recorded(51));
  });

  it("goes on in a fork from the same weights; with the same settings, byte for byte", async () => {
    const same = await finished(new TextRun(passages, settings, { run, try: 30 }));
    expect(same.losses).toEqual(run.losses.slice(29));
    const other = new TextRun(passages, { ...settings, learningRate: 0.0004 }, { run, try: 30 });
    await other.step();
    await other.step();
    expect(other.losses[0]).toBe(run.losses[29]);
    expect(other.losses[1]).not.toBe(run.losses[30]);
  });

  it("ends with a sentence if the learning rate is too large", async () => {
    const wild = await finished(new TextRun(passages, { ...settings, learningRate: 1e30 }));
    expect(wild.end).toMatchObject({ kind: "failed" });
    expect((wild.end as { sentence: string }).sentence).toMatch(/learning rate 1e\+30 is too large/);
  });
});

describe("the scene of a step", () => {
  let run: TextRun;
  beforeAll(async () => {
    run = await finished(new TextRun(passages, settings));
  });

  it("has a surprise for each letter but the first, and their mean", async () => {
    const scene = await run.look(60, "held-out");
    expect(scene.letters.join("")).toBe(passages.vocabulary.decode(passages.validation.subarray(0, 49)));
    expect(scene.expected).toHaveLength(48);
    for (const { chance, surprise, top } of scene.expected) {
      expect(surprise).toBeCloseTo(-Math.log(chance), 12);
      expect(top[0].chance).toBeGreaterThanOrEqual(chance);
    }
    const mean = scene.expected.reduce((sum, { surprise }) => sum + surprise, 0) / 48;
    expect(scene.surprise).toBeCloseTo(mean, 12);
    expect(scene.expected[scene.worst - 1].surprise).toBe(
      Math.max(...scene.expected.slice(11).map(({ surprise }) => surprise)),
    );
  });

  it("says where each head looks, and which letters received gradient", async () => {
    const scene = await run.look(60, "read");
    const letter = await run.letter({ try: 60, kind: "read", at: scene.worst });
    expect(letter.surprise).toBeCloseTo(scene.expected[scene.worst - 1].surprise, 4);
    expect(letter.heard).toHaveLength(scene.worst);
    expect(Math.max(...letter.heard)).toBeGreaterThan(0);
    for (const head of letter.attention.flat()) {
      expect(head).toHaveLength(scene.worst);
      expect(head.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
    }
    const proof = await run.prove({ try: 60, kind: "read", at: scene.worst });
    expect(Math.abs(proof.slope - proof.blame)).toBeLessThan(0.01 * Math.abs(proof.blame) + 1e-3);
    // By hand, the same number gives the surprises of the proof, and is as before afterwards.
    const { token, index, wiggle } = proof;
    const by = (amount: number): Promise<number> =>
      run.wiggle({ try: 60, kind: "read", at: scene.worst, token, index, by: amount });
    expect([await by(wiggle), await by(-wiggle)]).toEqual([proof.up, proof.down]);
    expect(await by(0)).toBeCloseTo(scene.expected[scene.worst - 1].surprise, 5);
  });

  it("adds up: the layers have all weights, and what they paid is the change of the loss", async () => {
    const account = await run.account(40, "read");
    expect(account.lossBefore).toBe(run.losses[39]);
    expect(account.unexplainedShare).toBeLessThanOrEqual(0.001);
    const sum = (part: "knobs" | "paid" | "promise") =>
      account.layers.reduce((total, layer) => total + layer[part], 0);
    expect(sum("knobs")).toBe(account.knobs);
    expect(sum("paid")).toBeCloseTo(account.paid, 9);
    expect(sum("promise")).toBeCloseTo(account.promise, 9);
  });

  it("continues what is asked, the same for the same wish, and refuses letters that the text has not", async () => {
    const wish = { prompt: "The fox", temperature: 0.5, length: 20 };
    const seen: string[] = [];
    const text = await run.write(60, wish, (part) => seen.push(part));
    expect(Array.from(text)).toHaveLength(20);
    expect(seen[seen.length - 1]).toBe(text);
    expect(await run.write(60, wish, () => undefined)).toBe(text);
    await expect(run.write(60, { ...wish, prompt: "#" }, () => undefined)).rejects.toThrow(
      "the text has no “#”",
    );
  });
});

describe("a run that was saved", () => {
  it("goes on as if nothing had happened, and its earlier steps can be looked at", async () => {
    const whole = await finished(new TextRun(passages, settings));
    const first = new TextRun(passages, settings);
    await first.open();
    for (let step = 0; step < 33; step++) await first.step();
    const bytes = await first.save("the tales");
    const { run, text } = await TextRun.resumed(bytes, () => passages);
    expect(text).toBe("the tales");
    expect([run.last, run.reports.length]).toEqual([33, 1]);
    await finished(run);
    expect(run.losses).toEqual(whole.losses);
    expect(run.reports.map(({ sample }) => sample)).toEqual(whole.reports.map(({ sample }) => sample));
    expect((await run.replay(20)).losses).toEqual(whole.losses.slice(0, 19));
    expect((await run.replay(26)).fingerprint).toBe(whole.recorded(26));
  });

  it("may be a fork", async () => {
    const run = new TextRun(passages, settings);
    for (let step = 0; step < 12; step++) await run.step();
    const fork = new TextRun(passages, { ...settings, learningRate: 0.001 }, { run, try: 10 });
    for (let step = 0; step < 5; step++) await fork.step();
    const { run: resumed } = await TextRun.resumed(await fork.save(null), () => passages);
    expect([resumed.first, resumed.last]).toEqual([10, 14]);
    for (const one of [fork, resumed]) await one.step();
    expect(resumed.losses).toEqual(fork.losses);
    expect((await resumed.replay(12)).fingerprint).toBe((await fork.replay(12)).fingerprint);
  });
});
