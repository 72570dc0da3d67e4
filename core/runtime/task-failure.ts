/**
 * What a task reports when it fails: one sentence that says where, and the error as its cause.
 *
 * In:  whatever was thrown, and who threw it, if that is known: life-cycle calls say so with an `OperatorFailure`, operators by calling `services.fail`; for
 *      the rest `failure-site.ts` asks the stack.
 * Out: an error of millrace. Where nobody knows the operator, the sentence speaks of the task.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";
import { asError, isMillraceError, located, MillraceError } from "../util/errors.ts";
import { failureSite } from "./failure-site.ts";

/** An error on its way to the task, which then need not ask the stack whose it is. */
export class OperatorFailure extends Error {
  readonly operator: JobOperator;

  constructor(operator: JobOperator, thrown: unknown) {
    super(asError(thrown).message, { cause: thrown });
    this.operator = operator;
  }
}

export interface FailedTask {
  /** Of its vertex. */
  readonly name: string;
  readonly operators: readonly JobOperator[];
  readonly subtaskIndex: number;
  readonly parallelism: number;
}

/** `known`: who says that it failed. Errors of millrace keep their code; all others become `MR3001`. */
export function taskFailure(reported: unknown, task: FailedTask, known?: JobOperator): MillraceError {
  const isAttributed = reported instanceof OperatorFailure;
  const thrown = isAttributed ? reported.cause : reported;
  const site = isAttributed ? reported.operator : (known ?? failureSite(thrown, task.operators));
  const who = site === undefined ? `task "${task.name}"` : `operator "${site.name}"`;
  const where = `${who} (${task.subtaskIndex + 1}/${task.parallelism})`;
  if (isMillraceError(thrown)) return located(thrown, where);
  const { message, name } = asError(thrown);
  return new MillraceError("MR3001", `${where} failed: ${message === "" ? name : message}`, { cause: thrown });
}
