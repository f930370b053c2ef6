import type { Start, Told } from "./protocol.js";
import { style } from "./style.js";

/** More lines than this are nobody's to read, and would fill the memory of the page. */
const mostLines = 5000;

/** The program that runs. One at a time: each has the machine for itself. */
let running: LiveProgram | undefined;

/**
 * A program of a page that can be changed and run: `<live-program>` around a block of code. It runs in a worker of its own, which is loaded when it is
 * asked for. What it adds to the page is in its shadow, so that the page, which Vue makes, stays as it is.
 */
class LiveProgram extends HTMLElement {
  readonly #button = {
    run: button("Run"),
    stop: button("Stop"),
    edit: button("Edit"),
    reset: button("Reset"),
  };
  readonly #status = element("p", { role: "status" });
  readonly #output = element("div", { class: "output", role: "log", "aria-label": "Output", tabindex: "0" });
  #written = "";
  #highlighted = "";
  #worker: Worker | undefined;

  get #code(): HTMLElement | null {
    return this.querySelector("pre code");
  }

  /** The program as it is now, changed or not. */
  get program(): string {
    return this.#code?.innerText.replace(/\n?$/, "\n") ?? "";
  }

  connectedCallback(): void {
    if (this.shadowRoot !== null || this.#code === null) return;
    const shadow = this.attachShadow({ mode: "open" });
    shadow.append(element("style", {}, style), element("slot"));
    if (this.hasAttribute("needs-node")) {
      shadow.append(
        element("p", { class: "note" }, "This program needs Node, for files or a download: copy it there."),
      );
      return;
    }
    const { run, stop, edit, reset } = this.#button;
    const bar = element("div", { class: "bar" });
    bar.append(run, stop, edit, reset, this.#status);
    if (this.hasAttribute("module")) run.remove();
    [stop.hidden, reset.hidden, this.#output.hidden] = [true, true, true];
    shadow.append(bar, this.#output);
    this.#written = this.program;
    run.addEventListener("click", () => {
      this.#run();
    });
    stop.addEventListener("click", () => {
      this.stop("Stopped.");
      run.focus();
    });
    edit.addEventListener("click", () => {
      this.#edit();
    });
    reset.addEventListener("click", () => {
      this.#reset();
    });
  }

  disconnectedCallback(): void {
    this.stop("Stopped.");
  }

  #edit(): void {
    const code = this.#code;
    if (code === null) return;
    if (code.contentEditable !== "plaintext-only") {
      this.#highlighted = code.innerHTML;
      try {
        code.contentEditable = "plaintext-only";
      } catch {
        code.contentEditable = "true"; // an older Firefox
      }
      code.spellcheck = false;
      for (const [name, value] of Object.entries({
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": "The program",
      }))
        code.setAttribute(name, value);
      code.addEventListener("input", () => {
        this.#button.reset.hidden = this.program === this.#written;
      });
      code.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          this.#run();
        }
      });
    }
    this.#status.textContent = "Change the program. Ctrl+Enter runs it.";
    code.focus();
  }

  #reset(): void {
    this.stop("");
    if (this.#code !== null) this.#code.innerHTML = this.#highlighted;
    this.#output.replaceChildren();
    [this.#output.hidden, this.#button.reset.hidden] = [true, true];
    this.#status.textContent = "As it was.";
    this.#button.edit.focus();
  }

  #run(): void {
    running?.stop("Stopped, because another program was started.");
    this.stop("");
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- it is the one that runs
    running = this;
    this.#output.replaceChildren();
    this.#output.hidden = false;
    this.#button.stop.hidden = false;
    this.#status.textContent = "Loading the library…";
    const modules = [...document.querySelectorAll<LiveProgram>("live-program[module]")].map(
      (each) => [each.getAttribute("module") ?? "", each.program] as const,
    );
    const start: Start = { program: this.program, modules: Object.fromEntries(modules) };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Told>) => {
      if (worker === this.#worker) this.#hear(data);
    });
    worker.addEventListener("error", ({ message }) => {
      this.#say(
        "error",
        message === "" ? "The library could not be loaded. Is the site reachable?" : message,
      );
      this.stop("Stopped.");
    });
    worker.postMessage(start);
  }

  /** Ends the worker, and with it all that the program still does. */
  stop(why: string): void {
    if (running === this) running = undefined;
    if (this.#worker === undefined) return;
    this.#worker.terminate();
    this.#worker = undefined;
    // Of a program that has ended, only what it began without waiting for it is stopped.
    if (!this.#button.stop.hidden) this.#status.textContent = why;
    this.#button.stop.hidden = true;
  }

  #hear(told: Told): void {
    switch (told.what) {
      case "started":
        this.#status.textContent = "Running…";
        break;
      case "printed":
        this.#say(told.level, told.text, told.line);
        if (this.#output.childElementCount >= mostLines) this.stop(`Stopped after ${mostLines} lines.`);
        break;
      case "failed":
        this.#say("error", told.line === undefined ? told.text : `${told.text}\n    at line ${told.line}`);
        this.#status.textContent = "Failed.";
        break;
      case "ended":
        // The worker stays: what the program began without waiting for it may still print.
        this.#button.stop.hidden = true;
        if (this.#status.textContent !== "Failed.")
          this.#status.textContent = `Done in ${told.seconds.toFixed(told.seconds < 10 ? 1 : 0)} s.`;
    }
  }

  #say(level: string, text: string, line?: number): void {
    const said = element("pre", { class: level }, text);
    if (line !== undefined) {
      said.dataset["line"] = String(line);
      said.title = `from line ${line}`;
    }
    this.#output.append(said);
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function button(text: string): HTMLButtonElement {
  return element("button", { type: "button" }, text);
}

/** A lesson of the trainer, in a frame that is loaded when it is asked for: `<trainer-lesson lesson="star">what it shows</trainer-lesson>`. */
class TrainerLesson extends HTMLElement {
  #frame: HTMLIFrameElement | undefined;
  readonly #theme = new MutationObserver(() => {
    this.#sayTheme();
  });

  connectedCallback(): void {
    if (this.shadowRoot !== null) return;
    const shadow = this.attachShadow({ mode: "open" });
    const lesson = this.getAttribute("lesson") ?? "";
    const title = this.textContent;
    const address = `${import.meta.env.BASE_URL}trainer/index.html?lesson=${lesson}`;
    const [bar, words, open] = [
      element("div", { class: "bar" }),
      element("p"),
      button("Open the lesson here"),
    ];
    words.append(element("slot"));
    const alone = element("a", { href: address, target: "_blank" }, "Open it alone");
    bar.append(open, alone);
    shadow.append(element("style", {}, style), words, bar);
    open.addEventListener("click", () => {
      const frame = element("iframe", { src: address, title });
      this.#frame = frame;
      frame.addEventListener("load", () => {
        this.#sayTheme();
      });
      this.#theme.observe(document.documentElement, { attributeFilter: ["class"] });
      shadow.append(frame);
      open.remove();
      frame.focus();
    });
  }

  disconnectedCallback(): void {
    this.#theme.disconnect();
  }

  #sayTheme(): void {
    const theme = document.documentElement.classList.contains("dark") ? "dark" : "light";
    this.#frame?.contentWindow?.postMessage({ theme }, location.origin);
  }
}

customElements.define("live-program", LiveProgram);
customElements.define("trainer-lesson", TrainerLesson);
