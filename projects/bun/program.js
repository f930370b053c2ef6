import { note } from "../note.js";
import { sizes, train } from "../training.js";

note("a program", await train(sizes.large));
