import { serveDataset } from "@stargrad/datasets";
import { drawings, type DrawingsOptions } from "./drawings.js";

serveDataset((options: DrawingsOptions) => drawings(options));
