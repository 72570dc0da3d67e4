/**
 * Builds the chain of a task back to front: loads the code of each operator, opens the user's functions, and hands each operator its successors.
 *
 * In:   a vertex of the job graph and the loaded state. Out: a chain, complete, through a callback.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";
import type { Input, Output } from "../operators/operator.ts";
import type { RuntimeContext } from "../operators/contracts/functions.ts";
import { assert } from "../util/errors.ts";
import type { TaskAvailability } from "./availability.ts";
import { Chain } from "./chain.ts";
import type { ChainedOperator } from "./chain.ts";
import type { ModuleCopies } from "./copies.ts";
import type { DevelopmentGuard } from "./development-guard.ts";
import { MainOutput, outputTo } from "./fan-out.ts";
import type { OperatorModule } from "./operator-modules.ts";
import type { CountOutput, OutputCounts } from "./output-counts.ts";
import type { PartitionWriter } from "./partition-writer.ts";
import type { Replay } from "./replay.ts";
import { createServices, createStates } from "./services.ts";
import type { OperatorOutputs, OperatorStates, TaskServices } from "./services.ts";
import type { LoadedOperatorState } from "./state-loading.ts";
import { OperatorFailure } from "./task-failure.ts";
import { UserFunctions } from "./user-functions.ts";

export interface ChainParts {
  readonly task: TaskServices;
  readonly availability: TaskAvailability;
  readonly copies: ModuleCopies;
  /** By edge index. */
  readonly writers: ReadonlyMap<number, PartitionWriter>;
  readonly restored: ReadonlyMap<string, LoadedOperatorState> | undefined;
  /** Records that have to be processed first. */
  readonly replay: Replay;
  readonly guard: DevelopmentGuard | undefined;
  /** Undefined: records are not counted between operators. */
  readonly counts: OutputCounts | undefined;
  context(operator: JobOperator): RuntimeContext;
  /** Before each call of the job's code that may not settle. */
  waitsFor(call: "open" | "close", operator: JobOperator): void;
  /** The task is to end. Perhaps nobody waits for it any more and a later attempt runs, so that nothing more may begin. */
  isOver(): boolean;
}

/** Resolves once every `open` has; rejects with an `OperatorFailure` of the first that did not, after closing those that were opened. */
export async function buildChain(parts: ChainParts): Promise<Chain> {
  const { operators } = parts.task.vertex;
  const functions = operators.map(instantiated);
  const modules: OperatorModule[] = [];
  for (const [index, operator] of operators.entries()) modules.push(await loadModule(parts, operator, index));
  const built: ChainedOperator[] = [];
  try {
    // Tail first, so that whoever can emit finds its successors open.
    for (let index = operators.length - 1; index >= 0; index -= 1) {
      const job = operators[index];
      const ours = functions[index];
      const module = modules[index];
      assert(
        job !== undefined && ours !== undefined && module !== undefined,
        "every operator has its functions and its module",
      );
      built.unshift(await openOperator(parts, { job, functions: ours, module, successors: built, index }));
    }
  } catch (error) {
    // What cannot be closed either is of less interest than why.
    await new Chain(built, [], parts.availability).close((operator) => parts.waitsFor("close", operator));
    for (const [index, opened] of functions.entries()) {
      const job = operators[index];
      if (job !== undefined) parts.waitsFor("close", job);
      await opened.close();
    }
    throw error;
  }
  return new Chain(built, [...parts.writers.values()], parts.availability);
}

function instantiated(operator: JobOperator): UserFunctions {
  try {
    return new UserFunctions(operator.spec.functions);
  } catch (error) {
    throw new OperatorFailure(operator, error);
  }
}

function loadModule(parts: ChainParts, operator: JobOperator, index: number): Promise<OperatorModule> {
  const position = `${parts.task.vertex.index}/${index}`;
  const name = operator.spec.module === "custom" ? "runtime/custom" : operator.spec.module;
  return new Promise((resolve) => parts.copies.load(name, position, (module) => resolve(module as OperatorModule))); // the registry holds no others
}

interface OperatorParts {
  readonly job: JobOperator;
  readonly functions: UserFunctions;
  readonly module: OperatorModule;
  /** Already built, the next one first. */
  readonly successors: readonly ChainedOperator[];
  readonly index: number;
}

/** The user's functions first: an operator is complete when its constructor returns. */
async function openOperator(parts: ChainParts, operator: OperatorParts): Promise<ChainedOperator> {
  const { job, functions } = operator;
  try {
    parts.waitsFor("open", job);
    if (!parts.isOver()) await functions.open(parts.context(job));
    const count = await parts.counts?.forOperator(operator.index, job);
    assert(!parts.isOver(), "a task that is to end builds nothing more");
    return buildOperator(parts, operator, count);
  } catch (error) {
    throw new OperatorFailure(job, error);
  }
}

function buildOperator(
  parts: ChainParts,
  { job, functions, module, successors, index }: OperatorParts,
  count: CountOutput | undefined,
): ChainedOperator {
  const restored = parts.restored?.get(job.id);
  const states: OperatorStates = createStates(parts.task, job, restored);
  const outputs = outputsOf(parts, job, {
    chained: (target) => chainedInput(parts, successors[target - index - 1]),
    count: count ?? ((output) => output),
  });
  const services = createServices(parts.task, job, {
    states,
    outputs,
    restored,
    isRestored: parts.restored !== undefined,
  });
  // The module's options are what the API put into the spec under the same name.
  const operator = module.createOperator(services, { ...job.spec.parameters, ...functions.instances } as never);
  return { job, operator, states, functions };
}

function chainedInput({ replay }: ChainParts, successor: ChainedOperator | undefined): Input<never> | undefined {
  const input = successor?.operator.inputs[0];
  return successor === undefined || input === undefined ? undefined : replay.before(successor.job.id, input);
}

function outputsOf(
  parts: ChainParts,
  job: JobOperator,
  { chained, count }: { readonly chained: (target: number) => Input<never> | undefined; readonly count: CountOutput },
): OperatorOutputs {
  const main: Output<unknown>[] = [];
  const sides = new Map<string, Output<unknown>[]>();
  for (const output of job.outputs) {
    const target = output.kind === "edge" ? parts.writers.get(output.edge) : chained(output.operator);
    assert(target !== undefined, `an output of "${job.name}" leads to an operator or an edge of its vertex`);
    const guarded = parts.guard?.wrap(target as Output<unknown>, job.name) ?? (target as Output<unknown>); // the graph connects equal types
    if (output.sideOutput === undefined) main.push(guarded);
    else sides.set(output.sideOutput, [...(sides.get(output.sideOutput) ?? []), guarded]);
  }
  const sideOutputs = new Map([...sides].map(([tag, outputs]) => [tag, count(outputTo(outputs), tag)]));
  const mainOutput = main.length === 0 ? outputTo(main) : count(outputTo(main), undefined);
  return {
    main: sideOutputs.size === 0 ? mainOutput : new MainOutput(mainOutput, [...sideOutputs.values()]),
    sides: sideOutputs,
  };
}
