import { note } from "../note.js";
import { sizes, train } from "../training.js";

note("ES modules", await train(sizes.large));
