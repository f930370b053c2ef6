import { serveDataset } from "stargrad";

import { items } from "./items.js";

// The module of a worker of a DataLoader.

serveDataset((length) => items(length));
