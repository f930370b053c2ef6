import { mount } from "svelte";

import App from "./App.svelte";
import { inTurn } from "./in-turn.js";

inTurn(() => mount(App, { target: document.getElementById("app") ?? document.body }));
