import { sizes, train } from "./training.js";

train(sizes.large).then(postMessage);
