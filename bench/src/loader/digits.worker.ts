import { serveDataset } from "@stargrad/datasets";
import { augmentedDigits } from "./digits.js";

serveDataset((items: number) => augmentedDigits(items));
