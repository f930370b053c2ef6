// What the words need to know about the lesson. Without imports, so that the page does not contain the library.

/** The width and the height of a picture, in pixels. */
export const side = 28;

/** The two answers, by number. */
export const animals = ["cat", "dog"] as const;

/** How many drawings the net learns from, and how many it never learns from. */
export const learnedDrawings = 4000;
export const heldOutDrawings = 500;

/** How many drawings a step learns from. */
export const batchSize = 32;

/** The layers of filters: the letter of their marks, how many there are, and the side of the maps they make. */
export const filterLayers = [
  { id: "f", name: "first", filters: 8, side: 28 },
  { id: "g", name: "second", filters: 16, side: 14 },
] as const;

/** The width and the height of a filter. */
export const kernel = 5;

/** A run is done when the net is right for this part of the drawings that it never learned from. */
export const goal = 0.95;

/** After how many steps the net is tested again. */
export const testEvery = 20;

/** The most steps of a run. */
export const mostSteps = 3000;

/** How many pixels with the most blame have marks. */
export const markedPixels = 64;

/** How far "Prove it" moves the ink of a pixel, a weight and the volume of a filter. */
export const wiggles = { pixel: 0.01, weight: 0.0005, volume: 0.002 } as const;
