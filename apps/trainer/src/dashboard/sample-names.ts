/** The data that is there without a file, and how it is called. */
export const sampleTitles = {
  digits: "Drawn digits",
  animals: "Cats and dogs",
  spirals: "Two spirals, a table",
} as const;

export type SampleName = keyof typeof sampleTitles;
export const sampleNames = Object.keys(sampleTitles) as SampleName[];
