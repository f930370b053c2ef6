import type { Component } from "svelte";

import type { Place } from "../address.js";
import type { LessonId } from "./links.js";
import { load } from "./load.js";

/** A lesson, as the masthead and the home page name it. */
export interface Lesson {
  readonly id: LessonId;
  readonly name: string;
  readonly about: string;
  /** Its component knows the settings of its own places. */
  readonly load: () => Promise<{ default: Component<{ place: Place<never> }> }>;
}

export const lessons: readonly Lesson[] = [
  {
    id: "star",
    name: "Star",
    about:
      "A pen with 20 knobs learns to draw. Every stroke moves all later corners, so you see the chain rule.",
    load: load.star,
  },
  {
    id: "cat-or-dog",
    name: "Cat or dog",
    about: "It says cat, the answer is dog. Follow the blame back to the pixels.",
    load: load["cat-or-dog"],
  },
  {
    id: "playground",
    name: "Playground",
    about: "Paint points, stack layers, and look into every neuron.",
    load: load.playground,
  },
  {
    id: "dashboard",
    name: "Dashboard",
    about: "Your own data, a real training, and who paid for each step.",
    load: load.dashboard,
  },
  {
    id: "text",
    name: "Text",
    about: "A small transformer reads a text letter by letter. Each surprise has a cause.",
    load: load.text,
  },
];
