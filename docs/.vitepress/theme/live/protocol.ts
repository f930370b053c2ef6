/** From the page to its worker: a program, and the modules of the page that it may import as `./name.js`. */
export interface Start {
  readonly program: string;
  readonly modules: Readonly<Record<string, string>>;
}

/** From the worker to the page. `line`: of the program, counted from 1. */
export type Told =
  | { readonly what: "started" }
  | {
      readonly what: "printed";
      readonly level: Level;
      readonly text: string;
      readonly line: number | undefined;
    }
  | { readonly what: "failed"; readonly text: string; readonly line: number | undefined }
  | { readonly what: "ended"; readonly seconds: number };

export const levels = ["log", "info", "debug", "warn", "error"] as const;
export type Level = (typeof levels)[number];
