import { Command, Option } from "commander";

import { classify, type ClassifyOptions } from "./commands/classify.js";
import { digits, type DigitsOptions } from "./commands/digits.js";
import { evaluate, type EvaluateOptions } from "./commands/evaluate.js";
import { predict, type PredictOptions } from "./commands/predict.js";
import { runs, type RunsOptions } from "./commands/runs.js";
import { star, type StarOptions } from "./commands/star.js";
import type { RunOptions } from "./runs/run.js";
import { text, type TextOptions } from "./commands/text.js";
import { sourceNames, sources, type Source } from "./classify/sources.js";
import { modelNames } from "./dashboard/settings.js";
import { classifierNames } from "./digits/classifier.js";
import { reportError } from "./terminal/report-error.js";
import { fraction, positiveNumber, wholeNumber } from "./terminal/numbers.js";

// A reader of the output, such as `| head`, may close the pipe early.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

/** The options that say where a run is kept. */
function keptInFolder(command: Command, name: string): Command {
  return command
    .option("--run <folder>", `the folder of the new run (default: runs/${name}-1, or the next number)`)
    .addOption(
      new Option("--resume <run>", "go on with a run: its folder, or its name in runs").conflicts("run"),
    );
}

/** The same for a command that can also keep its run in one file. */
function keptInFolderOrFile(command: Command, name: string): Command {
  return command
    .option("--run <folder>", `the folder of the new run (default: runs/${name}-1, or the next number)`)
    .addOption(
      new Option("--checkpoint <file>", "keep the run in this one file instead of a folder").conflicts("run"),
    )
    .addOption(
      new Option(
        "--resume [run]",
        "go on with a run: its folder, or its name in runs; without a name, the one in the file of --checkpoint",
      ).conflicts("run"),
    );
}

/** Ends the program if there is nothing to begin with, or to go on with. */
function expectStart({ data, resume, checkpoint }: RunOptions, needsData: boolean, command: Command): void {
  if (resume === true && checkpoint === undefined) {
    command.error(
      "error: option '--resume' needs option '--checkpoint <file>', or the run to go on with, as in --resume runs/" +
        `${command.name()}-1`,
    );
  }
  if (typeof resume === "string" && checkpoint !== undefined) {
    command.error(`error: option '--resume ${resume}' cannot be used with option '--checkpoint <file>'`);
  }
  if (needsData && data === undefined && typeof resume !== "string") {
    command.error("error: required option '--data <file>' not specified");
  }
}

const program = new Command("npm run -s train --")
  .description("Watch a model learn, with true numbers at every step.")
  .option("--debug", "print the stack trace of an error")
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
  .option("--seed <number>", "the seed of the first knobs", wholeNumber(0), 1)
  .option("--tries <number>", "the maximum number of tries", wholeNumber(1), 1000)
  .option(
    "--learning-rate <number>",
    "the factor of every turn of the knobs (default: 0.2, with --brain 0.02)",
    positiveNumber,
  )
  .option("--momentum <number>", "the fraction of the last turn that is added to the next", fraction, 0.9)
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: StarOptions) => star(options));

keptInFolderOrFile(
  program
    .command("digits")
    .description("train a classifier of handwritten digits")
    .option(
      "--data <folder>",
      "the folder with MNIST's four files; of a run that goes on, where it is now (default: mnist, downloaded once)",
    ),
  "digits",
)
  .addOption(
    new Option("--model <name>", "a plain or a convolutional network (default: mlp)").choices(
      classifierNames,
    ),
  )
  .option("--epochs <number>", "the total number of epochs of the run (default: 5)", wholeNumber(1))
  .option(
    "--seed <number>",
    "the seed of the first weights and of the order of the pictures (default: 1)",
    wholeNumber(0),
  )
  .option("--batch-size <number>", "pictures per step (default: 64)", wholeNumber(1))
  .option("--learning-rate <number>", "the learning rate (default: 0.003)", positiveNumber)
  .option("--explain <number>", "explain one step out of this many", wholeNumber(1))
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: DigitsOptions, command: Command) => {
    expectStart(options, false, command);
    return digits(options);
  });

keptInFolderOrFile(
  program
    .command("text")
    .description("teach a small transformer to write like a text, character by character")
    .option(
      "--data <file>",
      "the text, in UTF-8; /dev/stdin reads a pipe; of a run that goes on, where it is now",
    ),
  "text",
)
  .option("--steps <number>", "the total number of steps of the run (default: 2500)", wholeNumber(1))
  .option(
    "--every <number>",
    "evaluate, show a sample and save after every so many steps",
    wholeNumber(1),
    250,
  )
  .option("--stop-after <number>", "pause the run after this step; --resume continues it", wholeNumber(1))
  .option("--prompt <text>", "the beginning of every sample (default: the end of a line)")
  .option("--temperature <number>", "the sampling temperature", positiveNumber, 0.8)
  .option(
    "--seed <number>",
    "the seed of the first weights, of the order of passages and of the samples (default: 1)",
    wholeNumber(0),
  )
  .option("--batch-size <number>", "passages per step (default: 16)", wholeNumber(1))
  .option("--context <number>", "the length of the context in characters (default: 64)", wholeNumber(1))
  .option("--layers <number>", "the number of layers (default: 4)", wholeNumber(1))
  .option("--width <number>", "the width of the model (default: 128)", wholeNumber(1))
  .option("--heads <number>", "the number of attention heads (default: 4)", wholeNumber(1))
  .option("--learning-rate <number>", "the highest learning rate (default: 0.002)", positiveNumber)
  .option("--json", "print one JSON object per event and nothing else")
  .action((options: TextOptions, command: Command) => {
    expectStart(options, true, command);
    return text(options);
  });

for (const name of sourceNames) {
  const { about, files, downloads, what }: Source = sources[name];
  const command = program.command(name).description(`learn to classify ${about}`);
  const otherwise = downloads === undefined ? "" : ` (default: ${downloads}, downloaded once)`;
  if (files !== null)
    command.option("--data <path>", `${files}; of a run that goes on, where it is now${otherwise}`);
  if (what === "row")
    command.option("--target <column>", "the column to predict (default: the last with few values)");
  keptInFolder(command, name)
    .addOption(
      new Option("--model <name>", `the model (default: ${what === "row" ? "mlp" : "cnn"})`).choices(
        what === "row" ? modelNames.filter((model) => model !== "cnn") : modelNames,
      ),
    )
    .option("--units <number>", "the hidden units of mlp (default: 64)", wholeNumber(1))
    .option(
      "--epochs <number>",
      "the total number of epochs (default: 8, more for few examples)",
      wholeNumber(1),
    )
    .option(
      "--batch-size <number>",
      "examples per step (default: 64, fewer for few examples)",
      wholeNumber(1),
    )
    .option("--learning-rate <number>", "the highest learning rate (default: 0.003)", positiveNumber)
    .option(
      "--held-out <fraction>",
      "the fraction that is held out, unless the files say it (default: 0.2)",
      fraction,
    )
    .option("--seed <number>", "the seed of weights, order and division (default: 1)", wholeNumber(0))
    .option("--json", "print one JSON object per event and nothing else")
    .action((options: ClassifyOptions, self: Command) => {
      const isNeeded = files !== null && downloads === undefined;
      if (isNeeded && options.data === undefined && options.resume === undefined) {
        self.error("error: required option '--data <path>' not specified");
      }
      return classify(name, options);
    });
}

program
  .command("runs")
  .description("list the runs, or compare those that are named")
  .argument("[runs...]", "runs by their folders, or by their names in runs")
  .option("--folder <folder>", "the folder of the runs to list (default: runs)")
  .option("--json", "print one JSON object per run and nothing else")
  .action((names: string[], options: RunsOptions) => runs(names, options));

program
  .command("predict")
  .description("ask the best model of a run about new files")
  .argument("<run>", "the folder of a run, its name in runs, or a file with a checkpoint")
  .argument(
    "<files...>",
    "pictures, folders of pictures, tables with the columns of the training, or texts to write on",
  )
  .option("--json", "print one JSON object per answer and nothing else")
  .action((run: string, files: string[], options: PredictOptions) => predict(run, files, options));

program
  .command("evaluate")
  .description("evaluate the best model of a run on what was held out, or on other data")
  .argument("[run]", "the folder of a run, its name in runs, or a file with a checkpoint")
  .option("--checkpoint <file>", "the same as the argument")
  .option("--data <path>", "the data, as of the command that trained it (default: that of the run)")
  .option("--json", "print one JSON object per event and nothing else")
  .action((run: string | undefined, options: EvaluateOptions & { checkpoint?: string }, command: Command) => {
    const { checkpoint = run, ...others } = options;
    if (checkpoint === undefined) command.error("error: missing required argument 'run'");
    if (run !== undefined && checkpoint !== run) {
      command.error("error: argument 'run' cannot be used with option '--checkpoint <file>'");
    }
    return evaluate(checkpoint, others);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error, program.opts<{ debug?: boolean }>());
}
