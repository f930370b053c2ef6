import DefaultTheme from "vitepress/theme-without-fonts";

import "./site.css";

// Blocks become live in a browser; the pages are complete without.
if (!import.meta.env.SSR) void import("./live/live-program.js");

export default DefaultTheme;
