// Five questions before and after the star lesson. Nobody keeps score: what matters is what changed in between.

export interface Question {
  readonly id: string;
  readonly asks: string;
  readonly choices: readonly string[];
  /** The index of the choice that is so. */
  readonly so: number;
  readonly because: string;
  /** Where the lesson shows it. */
  readonly at: {
    readonly stage: "goal" | "attempt" | "mistake" | "blame" | "adjust" | "again";
    readonly try: number;
  };
}

export const questions: readonly Question[] = [
  {
    id: "sees",
    asks: "What does the pen know of the star when it draws?",
    choices: ["Where the corners are", "Nothing: only its own knobs", "The outline, but not the sizes"],
    so: 1,
    because:
      "The pen only follows its knobs. The goal is compared with what was drawn, afterwards, and only then.",
    at: { stage: "attempt", try: 1 },
  },
  {
    id: "blame",
    asks: "The worst corner is number 9 of 10. Which stroke gets the most blame?",
    choices: [
      "The stroke that ends there",
      "The longest stroke",
      "Often an early one: all later corners hang on it",
    ],
    so: 2,
    because:
      "Every stroke moves all corners after it, so the notes of those corners add up on the way back. That adding up is the chain rule.",
    at: { stage: "blame", try: 1 },
  },
  {
    id: "passes",
    asks: "How much work is it to find the blame of all 20 knobs?",
    choices: ["One pass forward and one backward", "21 passes forward", "400 passes forward"],
    so: 0,
    because:
      "Wiggling every knob takes 21 passes forward. Back-propagation uses every sum again, so one pass back tells all.",
    at: { stage: "blame", try: 1 },
  },
  {
    id: "promise",
    asks: "The blame promises that a turn helps by 0.8. What is paid in the end?",
    choices: ["0.8, always", "Often less, and sometimes it hurts", "Always more"],
    so: 1,
    because:
      "The promise knows only the slope at the start. The slope changes on the way; paid is what was measured along it.",
    at: { stage: "again", try: 1 },
  },
  {
    id: "worse",
    asks: "A try can be worse than the one before. Does learning go wrong then?",
    choices: [
      "Yes, one should stop",
      "Yes, some numbers are false",
      "No: a step can be too long, and the next makes up for it",
    ],
    so: 2,
    because:
      "Blame only says which way is down from here. A long step, or momentum, can roll past the bottom and come back.",
    at: { stage: "again", try: 1 },
  },
];

/** Answers to the questions, in their order; null where one was left out. */
export type Answers = readonly (number | null)[];

export interface Kept {
  /** Null: not asked yet. */
  readonly before: Answers | "skipped" | null;
  readonly after: Answers | null;
}

/** Reads what was kept. What does not fit counts as nothing. */
export function readKept(text: string | null): Kept {
  const nothing: Kept = { before: null, after: null };
  if (text === null) return nothing;
  try {
    const value = JSON.parse(text) as { before?: unknown; after?: unknown } | null;
    const before = value?.before === "skipped" ? "skipped" : answersOf(value?.before);
    return { before, after: answersOf(value?.after) };
  } catch {
    return nothing;
  }
}

function answersOf(value: unknown): Answers | null {
  if (!Array.isArray(value) || value.length !== questions.length) return null;
  const isAnswer = (answer: unknown, i: number): boolean =>
    answer === null || questions[i].choices.some((_, choice) => choice === answer);
  return value.every(isAnswer) ? (value as Answers) : null;
}
