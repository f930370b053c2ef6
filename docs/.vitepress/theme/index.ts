import DefaultTheme from "vitepress/theme-without-fonts";

import "trainer/tokens.css";
import "./site.css";

export default DefaultTheme;
