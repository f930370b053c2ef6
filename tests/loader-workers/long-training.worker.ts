import { serveDataset } from "@stargrad/datasets";
import { digits } from "./long-training.js";

serveDataset(digits());
