import { trainFromLoader } from "./loading.js";

// Trains in a worker, whose loader has workers of its own.

trainFromLoader().then(postMessage);
