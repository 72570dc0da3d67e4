#!/usr/bin/env node
/**
 * The command `millrace`: reads arguments, calls one function per command, and turns what goes wrong into a sentence and an exit code.
 *
 * Exit codes: 0 done, 1 the job failed, 2 wrong use (nothing has run), 3 the job has finished with addresses in quarantine, 128 + n ended by signal n, so 130 after
 * Ctrl-C.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { STACK_FRAMES } from "../stack-frames.ts";
import { explainJob } from "./explain.ts";
import { collectPair } from "./config-flags.ts";
import type { RunFlags } from "./config-flags.ts";
import { EXIT_BROKEN_PIPE, EXIT_USAGE } from "./exit-codes.ts";
import { failureText } from "./failure-text.ts";
import { showQuarantined } from "./quarantined.ts";
import type { QuarantinedFlags } from "./quarantined.ts";
import { runJob } from "./run.ts";

const EXAMPLES = `
Examples:
  millrace run examples/flight-delays.ts --parallelism 2 -- --rate 0
  millrace run job.ts --checkpoint-dir ./checkpoints --config execution.checkpointing.interval=10s
  millrace explain job.ts --format dot
  millrace quarantined checkpoints/4f1c…/chk-12

Exit codes: 0 done, 1 the job failed, 2 wrong use, 3 the job has finished, but addresses of stateful functions are quarantined, 130 ended by Ctrl-C.`;

function createProgram(): Command {
  const program = new Command("millrace")
    .description(
      "Runs stream processing jobs: modules whose default export is defineJob(name, (env, args) => { ... }).",
    )
    .version(packageVersion(), "--version", "print the version")
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "millrace: ")) })
    .addHelpText("after", EXAMPLES);
  withConfig(program.command("run <job> [arguments...]"))
    .description(
      "run a job in this process, on one thread unless slots are given; what stands after -- are arguments of the job",
    )
    .option(
      "--task-managers <number>",
      "TaskManagers of this process, whose slots are threads (default: 1 with --slots)",
    )
    .option("--slots <number>", "slots per TaskManager, each a thread (default: 1, or taskmanager.numberOfTaskSlots)")
    .option("--checkpoint-dir <directory>", "where checkpoints go; without it they are kept in memory")
    .option("--restore <path>", "start from a savepoint or a retained checkpoint")
    .option(
      "--accept-duplicates",
      "allow to start from an older checkpoint than the newest: output after it is written again",
    )
    .option("--allow-non-restored-state", "drop state that no operator of the job takes over")
    .action(async (job: string, jobArguments: string[], flags: RunFlags) => {
      process.exitCode = await runJob(job, jobArguments, flags);
    });
  withConfig(program.command("explain <job> [arguments...]"))
    .description("print what a job would run as, without running it")
    .option("--format <format>", "text, json or dot", "text")
    .action(async (job: string, jobArguments: string[], flags: RunFlags & { readonly format: string }) => {
      process.stdout.write(await explainJob(job, jobArguments, flags));
    });
  program
    .command("quarantined <checkpoint>")
    .description(
      "list the addresses of stateful functions that a failed message has stopped, as of a checkpoint or savepoint",
    )
    .option("--json", "all that is known of each, as JSON")
    .option("--name <name>", "of the functions, where a job has several: that of statefun(env, { name })")
    .showHelpAfterError("(see: millrace quarantined --help)")
    .action(async (checkpoint: string, flags: QuarantinedFlags) => {
      process.stdout.write(await showQuarantined(checkpoint, flags));
    });
  return program;
}

function withConfig(command: Command): Command {
  return command
    .option("--parallelism <number>", "subtasks per operator where the job does not say")
    .option("--config <key=value>", "set an option where the job does not say; may be repeated", collectPair, [])
    .showHelpAfterError(`(options of the job itself stand after --; see: millrace ${command.name()} --help)`);
}

/** The package's own: two levels up from sources, three from what is built. */
function packageVersion(): string {
  const root = import.meta.url.replace(/(?:dist\/)?core\/cluster\/cli\/[^/]*$/, "");
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { readonly version: string }; // our own file
  return version;
}

async function main(): Promise<void> {
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, STACK_FRAMES);
  // Whoever reads the output may stop early (`| head`), which is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT_BROKEN_PIPE);
  });
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE; // commander has written its sentence
      return;
    }
    process.stderr.write(failureText(error));
    process.exitCode = EXIT_USAGE;
  }
}

await main();
