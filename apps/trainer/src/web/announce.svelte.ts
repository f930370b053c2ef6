// What is read aloud: the last of what happened, at most one message in two seconds.

const every = 2000;

class Announcer {
  text = $state("");
  #next = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #last = -every;

  say(text: string): void {
    this.#next = text;
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#last + every - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#last = performance.now();
      this.text = this.#next;
    }, wait);
  }
}

export const announcer = new Announcer();
