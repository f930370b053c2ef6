import { Command, Option } from "commander";

import { digits, type DigitsOptions } from "./commands/digits.js";
import { evaluate, type EvaluateOptions } from "./commands/evaluate.js";
import { star, type StarOptions } from "./commands/star.js";
import { text, type TextOptions } from "./commands/text.js";
import { classifierNames } from "./digits/classifier.js";
import { complain } from "./terminal/complaint.js";
import { fraction, positiveNumber, wholeNumber } from "./terminal/numbers.js";

// Whoever reads the output may stop early, as `| head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

const program = new Command("npm run -s train --")
  .description("Watch a model learn, with true numbers at every step.")
  .option("--debug", "show where an error came from")
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => {
      write(text.replace(/^error:/, "stargrad:"));
    },
  });

program
  .command("star")
  .description("teach a pen to draw a star, from a wobbly start")
  .addOption(new Option("--brain", "teach a small neural network instead").conflicts("momentum"))
  .option("--seed <number>", "which wobbly start", wholeNumber(0), 1)
  .option("--tries <number>", "how many tries it gets", wholeNumber(1), 1000)
  .option(
    "--learning-rate <number>",
    "how far it turns its knobs (default: 0.2, with --brain 0.02)",
    positiveNumber,
  )
  .option("--momentum <number>", "how much of the last turn goes on", fraction, 0.9)
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: StarOptions) => star(options));

program
  .command("digits")
  .description("train a classifier of handwritten digits")
  .requiredOption("--data <folder>", "the folder with MNIST's four files")
  .requiredOption("--checkpoint <file>", "where to save the run after every epoch")
  .addOption(
    new Option("--model <name>", "what learns: a plain or a convolutional network (default: mlp)").choices(
      classifierNames,
    ),
  )
  .option("--resume", "go on from the checkpoint")
  .option("--epochs <number>", "how many epochs the run has in all", wholeNumber(1), 5)
  .option(
    "--seed <number>",
    "decides the first weights and the order of the pictures (default: 1)",
    wholeNumber(0),
  )
  .option("--batch-size <number>", "pictures per step (default: 64)", wholeNumber(1))
  .option("--learning-rate <number>", "how far the weights move in a step (default: 0.003)", positiveNumber)
  .option("--explain <number>", "say of every so-many-th step what it did to the mistake", wholeNumber(1))
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: DigitsOptions) => digits(options));

program
  .command("text")
  .description("teach a small transformer to write like a text, character by character")
  .requiredOption("--data <file>", "the text, in UTF-8")
  .option("--steps <number>", "how many steps the run has in all (default: 2500)", wholeNumber(1))
  .option("--checkpoint <file>", "where to save the run")
  .option("--resume", "go on from the checkpoint")
  .option("--every <number>", "after how many steps to measure, show a sample and save", wholeNumber(1), 250)
  .option("--stop-after <number>", "pause the run after this step, to be resumed", wholeNumber(1))
  .option("--prompt <text>", "what samples begin with (default: the end of a line)")
  .option("--temperature <number>", "how daring samples are", positiveNumber, 0.8)
  .option(
    "--seed <number>",
    "decides the first weights and what is read when, and the samples (default: 1)",
    wholeNumber(0),
  )
  .option("--batch-size <number>", "passages per step (default: 16)", wholeNumber(1))
  .option("--context <number>", "how many characters it sees at once (default: 64)", wholeNumber(1))
  .option("--layers <number>", "how many layers it has (default: 4)", wholeNumber(1))
  .option("--width <number>", "how many numbers stand for a character (default: 128)", wholeNumber(1))
  .option("--heads <number>", "into how many parts its attention divides them (default: 4)", wholeNumber(1))
  .option("--learning-rate <number>", "how far the weights move at most (default: 0.002)", positiveNumber)
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: TextOptions, command: Command) => {
    if (options.resume && options.checkpoint === undefined) {
      command.error("error: option '--resume' needs option '--checkpoint <file>'");
    }
    return text(options);
  });

program
  .command("evaluate")
  .description("measure a saved model on the pictures for testing, or on the end of the text")
  .requiredOption("--checkpoint <file>", "what `digits` or `text` has saved")
  .requiredOption("--data <path>", "the folder with MNIST's files, or the text")
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: EvaluateOptions) => evaluate(options));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = complain(error, program.opts<{ debug?: boolean }>());
}
