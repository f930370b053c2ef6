import type { ByteSource } from "@stargrad/io/internal";

/** Columns that lie at most this far from each other are read at once, up to this many bytes. */
const [gap, most] = [4096, 2 ** 20];

/**
 * A source of which some parts are read one after the other, from the first to the last: parts side by side are read together. A file may have thousands of small
 * ones, each of which would take as long as a large one.
 */
export function sideBySide(
  source: ByteSource,
  parts: readonly { readonly begin: number; readonly end: number }[],
): ByteSource {
  const spans: { readonly begin: number; end: number }[] = [];
  for (const { begin, end } of parts) {
    const last = spans.at(-1);
    const isNear = last !== undefined && begin >= last.end && begin - last.end <= gap;
    if (isNear && end - last.begin <= most) last.end = end;
    else spans.push({ begin, end });
  }
  /** The span that was read last. */
  let held: { readonly begin: number; readonly end: number; readonly bytes: Uint8Array } | undefined;
  let at = 0;
  return {
    name: source.name,
    size: source.size,
    async read(begin, end) {
      const isIn = (span: { begin: number; end: number } | undefined): boolean =>
        span !== undefined && begin >= span.begin && end <= span.end;
      if (held === undefined || !isIn(held)) {
        // Usually the one after the last.
        const found = isIn(spans.at(at)) ? at : spans.findIndex(isIn);
        if (found === -1) return source.read(begin, end);
        const span = { ...spans[found] };
        held = { ...span, bytes: await source.read(span.begin, span.end) };
        at = found + 1;
      }
      const from = begin - held.begin;
      return held.bytes.subarray(from, from + end - begin);
    },
  };
}
