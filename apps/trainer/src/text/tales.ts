import { Generator } from "@stargrad/tensor";

// A text to learn from that needs no download: tiny tales, written by a small grammar. It was made for this project, and belongs to it.

const grammar: Readonly<Record<string, readonly string[]>> = {
  tale: [
    "{opening} {meeting} {talk} {ending}",
    "{opening} {walk} {meeting} {talk} {ending}",
    "{opening} {walk} {find} {ending}",
    "{opening} {find} {talk} {ending}",
    "{weather} {opening} {talk} {ending}",
  ],
  opening: [
    "Once there was a {size} {animal} who lived {place}.",
    "A {size} {animal} lived {place}.",
    "One {time} a {size} {animal} sat {place}.",
    "There was a {size} {animal} who loved {thing}.",
  ],
  weather: ["The {sky} was {colour}.", "It was a {mood} {time}.", "The wind was {mood} that {time}."],
  walk: [
    "Every {time} it walked {way} and looked for {thing}.",
    "It walked {way}, and then {way}.",
    "Then it ran {way} to see the {sky}.",
  ],
  meeting: [
    "There it met a {size} {animal}.",
    "On the way it met a {mood} {animal} with {thing}.",
    "Then a {colour} {animal} came {way}.",
  ],
  find: [
    "Under a {colour} stone it found {thing}.",
    "It looked {place} and found {thing}.",
    "There it saw {thing}, and it was {mood}.",
  ],
  talk: [
    "“Where do you go?” said the {animal}. “I go {way},” said the other.",
    "“Have you seen {thing}?” “No,” said the {animal}, “but I have seen the {sky}.”",
    "“Come with me,” it said, “and we will look for {thing}.”",
    "“I am {mood},” said the {animal}. “So am I,” said the {animal}.",
    "“What is it?” it said. “It is only {thing}.”",
  ],
  ending: [
    "And they were {mood} until the {time}.",
    "So they went home {way} and had {thing}.",
    "Then the {sky} came out, and all was well.",
    "That {time} they slept {place}.",
  ],
  animal: ["fox", "hare", "mouse", "bear", "owl", "frog", "hen", "cat", "dog", "goat", "crow", "hedgehog"],
  size: ["little", "small", "big", "old", "young", "very small", "round"],
  colour: ["red", "green", "blue", "white", "grey", "golden"],
  mood: ["happy", "hungry", "quiet", "merry", "tired", "sleepy", "kind", "cold"],
  time: ["morning", "evening", "night", "day", "winter", "summer"],
  sky: ["moon", "sun", "star", "sky", "cloud"],
  place: ["under the hill", "by the river", "in the wood", "on the wall", "near the mill", "in an old tree"],
  way: ["over the hill", "down the road", "across the bridge", "through the wood", "along the river"],
  thing: [
    "a red apple",
    "bread and honey",
    "a golden bell",
    "some nuts",
    "a warm coat",
    "three eggs",
    "a lost shoe",
  ],
};

/** As many tales as fill a text of about this many characters. The same seed tells the same tales. */
export function talesOf({ seed = 1, characters = 40_000 } = {}): string {
  const generator = new Generator(seed);
  const tales: string[] = [];
  for (let length = 0; length < characters; length += tales[tales.length - 1].length + 2) {
    tales.push(written("tale", generator));
  }
  return `${tales.join("\n\n")}\n`;
}

function written(rule: string, generator: Generator): string {
  const choices = grammar[rule];
  const choice = choices[Math.floor(generator.uniform() * choices.length)];
  return choice
    .replace(/\{(\w+)\}/g, (_, inner: string) => written(inner, generator))
    .replace(/\b([Aa]) (?=[aeiou])/g, "$1n ");
}
