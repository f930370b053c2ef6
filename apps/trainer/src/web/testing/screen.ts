import type { Page } from "playwright-core";

/** A screen of the page: its name, its link, and when there is something to look at. */
export interface Screen {
  readonly name: string;
  readonly query: string;
  readonly ready: (page: Page) => Promise<unknown>;
}
