/**
 * The operators of one task, head first, and what the task does with them as a whole: resume, end, save, notify, close.
 *
 * Records do not pass through here: a chained edge is a direct call from one operator to the next. `chain-builder.ts` makes a chain.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";
import type { OperatorSnapshot } from "../graph/messages.ts";
import type { Operator } from "../operators/operator.ts";
import { mergedReports } from "../operators/quarantine-report.ts";
import type { QuarantineReport } from "../operators/quarantine-report.ts";
import type { KeyedSnapshot } from "../state/keyed-state.ts";
import type { OperatorListSnapshot } from "../state/operator-state.ts";
import { WATERMARK_MIN } from "../time/watermark.ts";
import { asError, isMillraceError, MillraceError } from "../util/errors.ts";
import { failed, succeeded } from "../util/outcome.ts";
import type { Outcome } from "../util/outcome.ts";
import type { PartitionWriter } from "./partition-writer.ts";
import type { OperatorStates } from "./services.ts";
import type { TaskAvailability } from "./availability.ts";
import { OperatorFailure } from "./task-failure.ts";
import type { UserFunctions } from "./user-functions.ts";

export interface ChainedOperator {
  readonly job: JobOperator;
  readonly operator: Operator;
  readonly states: OperatorStates;
  readonly functions: UserFunctions;
}

/** What one operator contributes to a snapshot; its keyed part is serialised later, in slices. */
export interface OperatorSnapshotParts {
  readonly snapshot: Omit<OperatorSnapshot, "keyed">;
  readonly keyed: KeyedSnapshot | undefined;
  /** What it keeps in lists cannot be encoded. Its state is unharmed, so that the checkpoint fails and not the task. */
  readonly failure?: MillraceError;
}

export class Chain {
  readonly operators: readonly ChainedOperator[];
  readonly writers: readonly PartitionWriter[];
  readonly #availability: TaskAvailability;
  /** Operators that may stop in the middle, tail first. */
  readonly #interruptible: readonly Operator[];
  /** Operators whose input has ended, counted from the head. */
  #endedOperators: number;

  constructor(
    operators: readonly ChainedOperator[],
    writers: readonly PartitionWriter[],
    availability: TaskAvailability,
  ) {
    this.operators = operators;
    this.writers = writers;
    this.#availability = availability;
    this.#interruptible = operators
      .map(({ operator }) => operator)
      .filter(({ pending }) => pending !== undefined)
      .reverse();
    this.#endedOperators = 0;
  }

  get head(): Operator | undefined {
    return this.operators[0]?.operator;
  }

  /** Lets interrupted operators go on, tail first, so that none emits into one that has not finished. True if none is left. */
  resume(): boolean {
    for (const operator of this.#interruptible) {
      if (!isPending(operator)) continue;
      if (this.#availability.busy) return false;
      operator.resume?.();
      if (isPending(operator)) {
        this.#availability.busy = true;
        return false;
      }
    }
    return true;
  }

  /** Whether a barrier may pass now: what is pending lies in the state of its operator. */
  get interruptible(): boolean {
    return this.#interruptible.every(({ pending }) => pending !== "atomic");
  }

  get pending(): boolean {
    return this.#interruptible.some(isPending);
  }

  /** Ends one operator after the other, each once all before it have emitted their last. True when the tail has. */
  end(): boolean {
    while (this.#endedOperators < this.operators.length) {
      if (!this.resume()) return false;
      if (this.#availability.busy) return false;
      const index = this.#endedOperators;
      this.#endedOperators += 1;
      // The inputs of the head ended one by one, as their channels did.
      if (index > 0 || this.operators[0]?.operator.inputs.length === 0) this.operators[index]?.operator.endInput?.(0);
    }
    return this.resume();
  }

  /**
   * True once every operator is ready for the barrier; asked again after a wake-up until then. Each time all are asked: the barrier may be another one
   * than last time, if that was aborted.
   */
  prepareBarrier(checkpointId: number, options: { readonly savepoint: boolean } = { savepoint: false }): boolean {
    return this.operators.every(({ operator }) => operator.prepareBarrier?.(checkpointId, options) !== false);
  }

  /** Only closes epochs and copies small lists; the keyed parts are serialised afterwards. */
  snapshot(checkpointId: number, options: { readonly full: boolean }): OperatorSnapshotParts[] {
    return this.operators.map(({ job, operator, states }) => {
      operator.snapshot?.(checkpointId);
      const watermarkMs = operator.watermarkMs ?? WATERMARK_MIN;
      const lists = encodedLists(job, states);
      return {
        snapshot: { operatorId: job.id, lists: lists.ok ? lists.value : [], watermarkMs },
        keyed: states.keyed?.beginSnapshot(checkpointId, { full: options.full, watermarkMs }),
        ...(!lists.ok && { failure: lists.error }),
      };
    });
  }

  completed(checkpointId: number): void {
    for (const { operator, states } of this.operators) {
      states.keyed?.checkpointCompleted(checkpointId);
      operator.checkpointCompleted?.(checkpointId);
    }
  }

  aborted(checkpointId: number): void {
    for (const { operator, states } of this.operators) {
      states.keyed?.checkpointAborted(checkpointId);
      operator.checkpointAborted?.(checkpointId);
    }
  }

  /** No commit is under way. */
  get settled(): boolean {
    return this.operators.every(({ operator }) => operator.settled !== false);
  }

  handleEvent(operatorId: string, event: unknown): void {
    for (const { job, operator } of this.operators) if (job.id === operatorId) operator.handleEvent?.(event);
  }

  /** What its operators have set aside; undefined: nothing. */
  quarantined(): QuarantineReport | undefined {
    const merged = mergedReports(this.operators.flatMap(({ operator }) => operator.quarantined?.() ?? []));
    return merged.count === 0 ? undefined : merged;
  }

  /** Closes operators, then the user's functions, all of them even if one throws; resolves with the first failure. */
  async close(next: (operator: JobOperator) => void = () => undefined): Promise<OperatorFailure | undefined> {
    let firstError: OperatorFailure | undefined;
    for (const { job, operator, functions } of this.operators) {
      next(job);
      try {
        await operator.close?.();
      } catch (error) {
        firstError ??= new OperatorFailure(job, error);
      }
      const error = await functions.close();
      if (error !== undefined) firstError ??= new OperatorFailure(job, error);
    }
    return firstError;
  }
}

function encodedLists({ name }: JobOperator, { lists }: OperatorStates): Outcome<readonly OperatorListSnapshot[]> {
  try {
    return succeeded(lists.snapshot());
  } catch (error) {
    const code = isMillraceError(error) ? error.code : "MR4105";
    const why = asError(error).message.replace(`${code}: `, "");
    return failed(new MillraceError(code, `the state of operator "${name}" cannot be saved: ${why}`, { cause: error }));
  }
}

function isPending(operator: Operator): boolean {
  return operator.pending !== "none";
}
