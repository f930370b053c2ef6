import { readKept, type Kept } from "../../../star/questions.js";

const key = "stargrad-star-questions";

/** The answers to the five questions: they stay on this machine, or, where storage is forbidden, until the page is closed. */
class KeptAnswers {
  current = $state.raw<Kept>(read());

  keep(kept: Partial<Kept>): void {
    this.current = { ...this.current, ...kept };
    try {
      localStorage.setItem(key, JSON.stringify(this.current));
    } catch {
      // Storage is forbidden or full.
    }
  }

  forget(): void {
    this.current = readKept(null);
    try {
      localStorage.removeItem(key);
    } catch {
      // There is nothing to remove.
    }
  }
}

function read(): Kept {
  try {
    return readKept(localStorage.getItem(key));
  } catch {
    return readKept(null);
  }
}

export const keptAnswers = new KeptAnswers();
