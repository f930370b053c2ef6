// What is read aloud: the last of what happened, at most one message in two seconds.

const every = 2000;

class Announcer {
  text = $state("");
  #next: () => string = () => "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #last = -every;

  /** `text`: the message, or what makes it when it is read, so that the messages in between cost nothing. */
  say(text: string | (() => string)): void {
    this.#next = typeof text === "string" ? () => text : text;
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#last + every - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#last = performance.now();
      this.text = this.#next();
    }, wait);
  }
}

export const announcer = new Announcer();
