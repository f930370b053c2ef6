import { stages } from "../../stages.js";
import type { Screen } from "../../testing/screen.js";

export const screens: readonly Screen[] = [
  ...stages.map(({ id }): Screen => ({
    name: id,
    query: `?lesson=star&stage=${id}`,
    ready: async (page) => {
      await page.waitForSelector(id === "again" ? ".slider" : ".words .num");
      await page.waitForFunction(() => document.body.textContent.includes("of 55"));
    },
  })),
  ...stages.map(({ id }): Screen => ({
    name: `brain-${id}`,
    query: `?lesson=star&rung=brain&try=30&stage=${id}`,
    ready: async (page) => {
      await page.waitForSelector(id === "again" ? ".slider" : ".words p");
      await page.waitForFunction(() => document.body.textContent.includes("of 360"));
    },
  })),
  ...[
    "start=zero&try=3",
    "activation=sigmoid&start=pushed&optimizer=sgd",
    "activation=relu&rate=1&try=60",
  ].map((query, i): Screen => ({
    name: `brain-fails-${i + 1}`,
    query: `?lesson=star&rung=brain&stage=blame&${query}`,
    ready: (page) => page.waitForSelector(".stopped"),
  })),
];
