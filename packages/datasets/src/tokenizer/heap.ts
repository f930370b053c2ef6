/** A binary heap: `pop` returns an element before which no other comes. */
export class Heap<Element> {
  readonly #elements: Element[] = [];
  readonly #comesBefore: (a: Element, b: Element) => boolean;

  constructor(comesBefore: (a: Element, b: Element) => boolean) {
    this.#comesBefore = comesBefore;
  }

  push(element: Element): void {
    const elements = this.#elements;
    let at = elements.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#comesBefore(element, elements[parent])) break;
      elements[at] = elements[parent];
      at = parent;
    }
    elements[at] = element;
  }

  pop(): Element | undefined {
    const elements = this.#elements;
    const top = elements.at(0);
    const last = elements.pop();
    if (last === undefined || elements.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= elements.length) break;
      if (child + 1 < elements.length && this.#comesBefore(elements[child + 1], elements[child])) child++;
      if (!this.#comesBefore(elements[child], last)) break;
      elements[at] = elements[child];
      at = child;
    }
    elements[at] = last;
    return top;
  }
}
