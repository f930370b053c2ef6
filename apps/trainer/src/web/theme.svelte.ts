// Light or dark: what the visitor chose on this machine, or else what the system prefers. A page that shows this one in a frame may say it
// by a message, `{ theme: "dark" }`.

type Theme = "light" | "dark";

const key = "stargrad-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(key);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // Storage is forbidden: the system decides.
  }
}

class ThemeSwitch {
  current = $state<Theme>(chosen() ?? (system.matches ? "dark" : "light"));

  constructor() {
    this.#show();
    system.addEventListener("change", () => {
      if (chosen() === null) this.#turn(system.matches ? "dark" : "light");
    });
    addEventListener("message", ({ data, source, origin }: MessageEvent<unknown>) => {
      if (source !== parent || source === window || origin !== location.origin) return;
      const said = typeof data === "object" && data !== null && "theme" in data ? data.theme : null;
      if (said === "light" || said === "dark") this.#turn(said);
    });
  }

  toggle(): void {
    this.#turn(this.current === "dark" ? "light" : "dark");
    try {
      localStorage.setItem(key, this.current);
    } catch {
      // The choice lasts until the page is closed.
    }
  }

  #turn(theme: Theme): void {
    this.current = theme;
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset["theme"] = this.current;
  }
}

export const theme = new ThemeSwitch();

const motion = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether the visitor wants pictures that stand still. */
export function prefersStillness(): boolean {
  return motion.matches;
}
