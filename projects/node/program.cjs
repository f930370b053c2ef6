const { appendFileSync } = require("node:fs");
const { train, sizes } = require("../training.js");

// `require` of an ES module.
train(sizes.large).then((report) => {
  appendFileSync(process.env.REPORTS, `${JSON.stringify({ name: "CommonJS", ...report })}\n`);
});
