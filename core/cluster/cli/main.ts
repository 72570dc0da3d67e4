#!/usr/bin/env node
/**
 * The command `millrace`: reads arguments, calls one function per command, and turns errors into one sentence and an exit code.
 *
 * Exit codes: 0 done, 1 the job failed, 2 wrong use, 130 ended by Ctrl-C.
 */
import { Command, CommanderError } from "commander";
import { isMillraceError } from "../../util/errors.ts";
import { explainJob } from "./explain.ts";
import { runJob } from "./run.ts";
import type { RunFlags } from "./config-flags.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

function createProgram(): Command {
  const program = new Command("millrace").description("Runs stream processing jobs.").exitOverride().showSuggestionAfterError();
  withConfig(program.command("run <job> [arguments...]"))
    .description("run a job in this process; arguments after -- go to the job")
    .option("--checkpoint-dir <directory>", "where checkpoints go; without it they are kept in memory")
    .option("--restore <path>", "start from a savepoint or a retained checkpoint")
    .option("--accept-duplicates", "allow to start from an older checkpoint than the newest: output after it is written again")
    .option("--allow-non-restored-state", "drop state that no operator of the job takes over")
    .action(async (job: string, jobArguments: string[], flags: RunFlags) => {
      process.exitCode = await runJob(job, jobArguments, flags);
    });
  withConfig(program.command("explain <job> [arguments...]"))
    .description("print the graph of a job without running it")
    .option("--format <format>", "text, json or dot", "text")
    .action(async (job: string, jobArguments: string[], flags: RunFlags & { readonly format: string }) => {
      process.stdout.write(await explainJob(job, jobArguments, flags));
    });
  return program;
}

function withConfig(command: Command): Command {
  return command
    .option("--parallelism <number>", "subtasks per operator where the job does not say")
    .option("--config <key=value>", "set an option; may be repeated", (pair: string, pairs: string[]) => [...pairs, pair], []);
}

async function main(): Promise<void> {
  try {
    await createProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE; // commander has written its sentence
      return;
    }
    if (!isMillraceError(error)) throw error;
    process.stderr.write(`millrace: ${error.message}\n`);
    if (error.cause instanceof Error && error.code === "MR3001") process.stderr.write(`${error.cause.stack ?? ""}\n`);
    process.exitCode = /^MR(1|2)/.test(error.code) ? EXIT_USAGE : EXIT_FAILED;
  }
}

await main();
