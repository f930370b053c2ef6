import type { BrowserContext, Page } from "playwright-core";

/** A text and its place: in the window, or in a picture. */
interface Text {
  readonly says: string;
  readonly box: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
}

/**
 * The words that cannot be read: two texts that lie on each other, in the page or in a picture, and a text that its own box or picture cuts.
 * `notePictureWords` must have been called before the page was opened.
 */
export function unreadable(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    // Letters do not fill the height of their line.
    const onEachOther = (a: Text, b: Text): boolean =>
      Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 2 &&
      Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 4;
    const pairs = (texts: readonly Text[]): string[] =>
      texts.flatMap((a, i) =>
        texts
          .slice(i + 1)
          .filter((b) => onEachOther(a, b))
          .map((b) => `“${a.says}” lies on “${b.says}”`),
      );
    const shortened = (words: string): string => words.replaceAll(/\s+/g, " ").trim().slice(0, 60);
    const faults: string[] = [];

    const texts: Text[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const says = shortened(node.textContent ?? "");
      const parent = node.parentElement;
      if (
        says === "" ||
        parent === null ||
        !parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })
      )
        continue;
      if (parent.closest(".visually-hidden, .skip, option, script, style") !== null) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const scrolls = parent.closest(".scroll, pre, dialog");
      for (const box of range.getClientRects()) {
        if (box.width < 1) continue;
        if (scrolls === null) texts.push({ says, box });
        const beyond =
          scrolls === null && (box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5);
        if (beyond) faults.push(`“${says}” is outside of the window`);
      }
    }
    faults.push(...pairs(texts));
    for (const element of document.querySelectorAll<HTMLElement>("body *")) {
      if (element.closest(".visually-hidden, .scroll, pre, dialog") !== null || element.clientWidth === 0)
        continue;
      if (getComputedStyle(element).overflowX === "visible" || element.scrollWidth <= element.clientWidth + 1)
        continue;
      faults.push(`“${shortened(element.textContent)}” is cut by its box`);
    }

    // What notePictureWords notes.
    const { pictureWords } = globalThis as unknown as { pictureWords: WeakMap<HTMLCanvasElement, Text[]> };
    for (const canvas of document.querySelectorAll("canvas")) {
      const words = pictureWords.get(canvas) ?? [];
      const { clientWidth: width, clientHeight: height } = canvas;
      const name = canvas.getAttribute("aria-label")?.slice(0, 40) ?? "a picture";
      faults.push(...pairs(words).map((fault) => `${name}: ${fault}`));
      for (const { says, box } of words) {
        const isCut =
          box.left < -0.5 || box.right > width + 0.5 || box.top < -1.5 || box.bottom > height + 1.5;
        if (isCut) faults.push(`${name}: “${says}” is cut by the picture`);
      }
    }
    return [...new Set(faults)];
  });
}

/** Notes where pictures write words, so that `unreadable` finds those that lie on each other. For a page that is still empty. */
export async function notePictureWords(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const noted = new WeakMap<HTMLCanvasElement, Text[]>();
    Object.assign(globalThis, { pictureWords: noted });
    const prototype = CanvasRenderingContext2D.prototype;
    // They are called as methods of the context below.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { fillText, clearRect } = prototype;
    prototype.clearRect = function (...box) {
      noted.set(this.canvas, []);
      clearRect.apply(this, box);
    };
    prototype.fillText = function (says, x, y, ...rest) {
      // The one renderer scales its context to CSS pixels, and does nothing else to it.
      const {
        actualBoundingBoxLeft: before,
        actualBoundingBoxRight: after,
        actualBoundingBoxAscent: above,
        actualBoundingBoxDescent: below,
      } = this.measureText(says);
      noted
        .get(this.canvas)
        ?.push({ says, box: { left: x - before, right: x + after, top: y - above, bottom: y + below } });
      fillText.call(this, says, x, y, ...rest);
    };
  });
}
