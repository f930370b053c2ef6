// A table with numbers, categories and missing values: which guests of a hotel come back?
//
//     node --conditions=source --import tsx examples/tabular.ts

import * as sg from "stargrad";

sg.manualSeed(1);
const table = await sg.readCsv("examples/data/guests.csv");
const age = table.column("age").values as Float64Array;
const known = age.filter((years) => !Number.isNaN(years));
const mean = known.reduce((sum, years) => sum + years) / known.length;
age.forEach((years, row) => (age[row] = Number.isNaN(years) ? mean : years));

// `travel` becomes three features. The numbers of the training part alone decide how all of them are scaled.
const [guests, others] = sg.splitDataset(table.dataset({ target: "back" }), [0.8, 0.2], { seed: 1 });
const scale = await sg.fitStandardizer(guests, ({ x }) => x);
const [training, heldOut] = [guests, others].map((part) =>
  sg.mapDataset(part, ({ x, y }) => ({ x: scale.transform(x), y })),
);
const model = new sg.Sequential(
  new sg.Linear(6, 32),
  new sg.ReLU(),
  new sg.Dropout(0.2),
  new sg.Linear(32, 2),
);
const optimizer = new sg.AdamW(model.parameters(), { learningRate: 0.01 });
const loader = new sg.DataLoader(training, { batchSize: 32, shuffle: true, seed: 1 });
const validation = new sg.DataLoader(heldOut, { batchSize: 200 });
const options = {
  loss: sg.crossEntropy,
  metrics: { accuracy: sg.accuracy },
  epochs: 30,
  earlyStopping: { patience: 5 },
};
const epochs = await sg.fit({ model, optimizer, loader, validation, ...options });
const best = Math.max(...epochs.map(({ validation }) => validation?.metrics.accuracy ?? 0));
console.log(`right on ${(100 * best).toFixed(0)} % of new guests`); // -> right on 92 % of new guests
