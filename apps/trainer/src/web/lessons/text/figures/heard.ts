import type { Letter, Scene } from "../../../../text/live/scene.js";
import { named, shown } from "../../../../text/live/words.js";
import { percent, short } from "../../../../words/numbers.js";
import type { Surface, XY } from "../../../canvas/surface.js";

const left = 72;
const tall = 58;
const row = 15;

/** Over each earlier letter the gradient that it received; under it a square for each head, as large as its attention. */
export function drawHeard(surface: Surface, scene: Scene, letter: Letter): void {
  const { width } = surface;
  const { at, heard, attention } = letter;
  const columns = Math.min(at, Math.floor((width - left - 4) / 13));
  const wide = Math.min(30, (width - left - 4) / columns);
  const first = at - columns;
  const most = Math.max(...heard);
  const x = (place: number): number => left + (place - first + 0.5) * wide;
  const base = tall + 8;

  surface.text([left - 8, base - 30], "▲ blame", "blame", { size: 12, align: "right", bold: true });
  surface.text([left - 8, base - 14], `max ${short(most)}`, "ink-2", { size: 12, align: "right" });
  surface.path([[left, base], [left + columns * wide, base]], "edge", { width: 1 }); // prettier-ignore
  for (let place = first; place < at; place++) {
    const height = (heard[place] / most) * tall;
    surface.area(box([x(place), base - height / 2], (wide - 2) / 2, height / 2), "blame");
    surface.text([x(place), base + 11], shown(scene.letters[place]), "ink", {
      bold: surface.lit === `c${place}`,
    });
    surface.mark({
      id: `c${place}`,
      label: heardLabel(scene, letter, place),
      at: [x(place), base + 11],
      reach: Math.min(9, wide / 2),
    });
  }
  attention.forEach((heads, layer) => {
    heads.forEach((weights, head) => {
      const y = base + 32 + (layer * heads.length + head) * row + layer * 8;
      if (head === 0) {
        surface.text([left - 8, y + row * 0.9], `layer ${layer + 1}`, "ink-2", { size: 12, align: "right" });
      }
      surface.path([[left, y], [left + columns * wide, y]], "line", { width: 1 }); // prettier-ignore
      for (let place = first; place < at; place++) {
        const half = Math.sqrt(weights[place]) * Math.min(row - 2, wide - 1) * 0.5;
        if (half > 0.4) surface.area(box([x(place), y], half, half), "plus");
      }
    });
  });
  surface.caption();
}

/** The height of the figure, in pixels. */
export function heardHeight({ attention }: Letter): number {
  return tall + 40 + attention.length * 8 + attention.flat().length * row;
}

function box([x, y]: XY, halfWide: number, halfHigh: number): XY[] {
  return [
    [x - halfWide, y - halfHigh],
    [x + halfWide, y - halfHigh],
    [x + halfWide, y + halfHigh],
    [x - halfWide, y + halfHigh],
  ];
}

function heardLabel(scene: Scene, { at, heard, attention }: Letter, place: number): string {
  const weights = attention.flatMap((heads, layer) =>
    heads.map((head, i) => ({ weight: head[place], name: `head ${i + 1} of layer ${layer + 1}` })),
  );
  const [most] = [...weights].sort((a, b) => b.weight - a.weight);
  return `${named(scene.letters[place])}, ${at - place} back: gradient ${short(heard[place])}; ${most.name} looks most, ${percent(most.weight)}`;
}

export function heardTable(
  scene: Scene,
  { at, heard, attention }: Letter,
): { heads: string[]; rows: string[][] } {
  const heads = attention.flatMap((layer, i) => layer.map((_, k) => `layer ${i + 1}, head ${k + 1}`));
  const rows = heard.map((size, place) => [
    `${at - place} back: ${named(scene.letters[place])}`,
    short(size),
    ...attention.flatMap((layer) => layer.map((head) => percent(head[place], 1))),
  ]);
  return { heads: ["letter", "gradient", ...heads], rows: rows.reverse() };
}
