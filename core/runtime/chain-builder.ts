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
import type { PartitionWriter } from "./partition-writer.ts";
import { createServices, createStates } from "./services.ts";
import type { OperatorOutputs, OperatorStates, TaskServices } from "./services.ts";
import type { LoadedOperatorState } from "./state-loading.ts";
import { UserFunctions } from "./user-functions.ts";

export interface ChainParts {
  readonly task: TaskServices;
  readonly availability: TaskAvailability;
  readonly copies: ModuleCopies;
  /** By edge index. */
  readonly writers: ReadonlyMap<number, PartitionWriter>;
  readonly restored: ReadonlyMap<string, LoadedOperatorState> | undefined;
  readonly guard: DevelopmentGuard | undefined;
  context(operator: JobOperator): RuntimeContext;
}

/** Resolves once every `open` has; rejects with what the first failing one threw, after closing those that were opened. */
export async function buildChain(parts: ChainParts): Promise<Chain> {
  const { operators } = parts.task.vertex;
  const functions = operators.map((operator) => new UserFunctions(operator.spec.functions));
  const modules: OperatorModule[] = [];
  for (const [index, operator] of operators.entries()) modules.push(await loadModule(parts, operator, index));
  const built: ChainedOperator[] = [];
  try {
    // Tail first, so that whoever can emit finds its successors open.
    for (let index = operators.length - 1; index >= 0; index -= 1) {
      const job = operators[index];
      const opened = functions[index];
      const module = modules[index];
      assert(
        job !== undefined && opened !== undefined && module !== undefined,
        "every operator has its functions and its module",
      );
      await opened.open(parts.context(job));
      built.unshift(buildOperator(parts, { job, functions: opened, module, successors: built, index }));
    }
  } catch (error) {
    // What cannot be closed either is of less interest than why.
    await new Chain(built, [], parts.availability).close();
    for (const opened of functions) await opened.close();
    throw error;
  }
  return new Chain(built, [...parts.writers.values()], parts.availability);
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

function buildOperator(
  parts: ChainParts,
  { job, functions, module, successors, index }: OperatorParts,
): ChainedOperator {
  const restored = parts.restored?.get(job.id);
  const states: OperatorStates = createStates(parts.task, job, restored);
  const outputs = outputsOf(parts, job, (target) => successors[target - index - 1]?.operator.inputs[0]);
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

function outputsOf(
  parts: ChainParts,
  job: JobOperator,
  chained: (target: number) => Input<never> | undefined,
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
  const sideOutputs = new Map([...sides].map(([tag, outputs]) => [tag, outputTo(outputs)]));
  const mainOutput = outputTo(main);
  return {
    main: sideOutputs.size === 0 ? mainOutput : new MainOutput(mainOutput, [...sideOutputs.values()]),
    sides: sideOutputs,
  };
}
