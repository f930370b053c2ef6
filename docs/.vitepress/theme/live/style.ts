/** The look of what live blocks add. The colours come from the page. */
export const style = `
:host { display: block; margin: 1rem 0; }
[hidden] { display: none !important; }
.bar { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin: 0.5rem 0; }
button, a { font: inherit; font-size: 0.875rem; min-height: 2rem; padding: 0 0.75rem; border: 1px solid var(--edge);
  border-radius: 6px; background: var(--surface); color: var(--ink); cursor: pointer; box-sizing: border-box; }
a { display: inline-flex; align-items: center; text-decoration: underline; }
button:hover, a:hover { background: var(--sunken); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
p { margin: 0; color: var(--ink-2); font-size: 0.875rem; }
.output { max-height: 24rem; overflow: auto; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--sunken); color: var(--ink); font: 0.875rem/1.6 var(--font-code); }
.output:empty { display: none; }
pre { margin: 0; font: inherit; white-space: pre; }
pre.warn { color: var(--minus); white-space: pre-wrap; overflow-wrap: anywhere; }
pre.error { color: var(--mistake); white-space: pre-wrap; overflow-wrap: anywhere; }
iframe { width: 100%; height: min(48rem, 85vh); border: 1px solid var(--edge); border-radius: 8px; }
`;
