// An LSTM reads the noon temperatures of thirty days from a CSV file, and forecasts each next day.
//
//     node --conditions=source --import tsx examples/lstm-forecast.ts

import * as sg from "stargrad";

class Forecast extends sg.Module {
  readonly lstm = new sg.LSTM(1, 24, { batchFirst: true });
  readonly head = new sg.Linear(24, 1);

  /** How much warmer each next day is. Shapes: x [N, days, 1] -> [N, days, 1] */
  forward(x: sg.Tensor): sg.Tensor {
    return x.add(this.head.forward(this.lstm.forward(x).output));
  }
}

sg.manualSeed(1);
const table = await sg.readCsv("examples/data/temperatures.csv");
const noon = sg
  .tensor(table.column("noon").values as Float64Array, { dtype: "float32" })
  .sub(11)
  .div(8);
// Windows of 31 days: thirty are read, and the target of each is the day after it.
const starts = [...Array(noon.size - 30).keys()];
const windows = sg.stack(starts.map((day) => noon.slice([[day, day + 31]]))).unsqueeze(2);
const data = sg.arrays({ x: windows.slice([null, [0, -1]]), y: windows.slice([null, [1]]) });
// The last year is held out, with the windows that reach into it.
const [past, year] = [sg.subset(data, starts.slice(0, -395)), sg.subset(data, starts.slice(-365))];

const model = new Forecast();
const optimizer = new sg.Adam(model.parameters(), { learningRate: 0.01 });
const loader = new sg.DataLoader(past, { batchSize: 64, shuffle: true, seed: 1 });
await sg.fit({ model, optimizer, loader, loss: sg.mseLoss, epochs: 12, clip: 1 });

const { error } = await sg.evaluate(model, new sg.DataLoader(year, { batchSize: 365 }), { error: sg.mae });
const [{ x, y }] = new sg.DataLoader(year, { batchSize: 365 });
const asToday = sg.mae(x, y).itemSync();
console.log(`wrong by ${(8 * error).toFixed(2)} degrees`); // -> wrong by 1.78 degrees
console.log(`to say "as today" by ${(8 * asToday).toFixed(2)}`); // -> to say "as today" by 2.02
