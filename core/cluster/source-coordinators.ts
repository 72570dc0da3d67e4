/**
 * The master's side of all sources of a job: one split enumerator per source operator, between its readers and its saved state.
 *
 * In:   events of readers, checkpoint notifications. Out: events to readers, in order; snapshots.
 * State: the enumerators', saved with each checkpoint. What an enumerator assigns before a snapshot reaches the reader before the trigger, and what
 *        it assigns after reaches the reader after it, since both go through the same ordered gateway.
 */
import type { CoordinatorSnapshot } from "../checkpoint/contract.ts";
import type { JobGraph, JobOperator, JobVertex } from "../graph/job-graph-types.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from "../operators/contracts/source.ts";
import type { CoordinatorToReader, ReaderToCoordinator } from "../operators/contracts/source-events.ts";
import { decodeValue, encodeValue } from "../types/value-codec.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { Config } from "../util/config.ts";
import { asError, isMillraceError, located, MillraceError } from "../util/errors.ts";

type AnySource = Source<unknown, SourceSplit, unknown>;

export interface SourceCoordinatorsOptions {
  readonly graph: JobGraph;
  readonly config: Config;
  readonly clock: Clock;
  readonly metrics: MetricLease;
  /** Runs something in the job master's turn. */
  execute(mail: () => void): void;
  send(vertex: number, subtask: number, operatorId: string, event: CoordinatorToReader): void;
  fail(cause: Error): void;
}

interface Coordinated {
  readonly vertex: JobVertex;
  readonly operator: JobOperator;
  readonly source: AnySource;
  readonly readers: Set<number>;
  readonly scheduled: Set<Cancel>;
  enumerator: SplitEnumerator<SourceSplit, unknown> | undefined;
  /** Grows with each reset, so that callbacks of an earlier enumerator are dropped. */
  generation: number;
}

export class SourceCoordinators {
  readonly #options: SourceCoordinatorsOptions;
  readonly #sources: ReadonlyMap<string, Coordinated>;

  constructor(options: SourceCoordinatorsOptions) {
    this.#options = options;
    const sources = options.graph.vertices.flatMap((vertex) =>
      vertex.operators
        .filter((operator) => operator.spec.module === "source")
        .map((operator) => ({ vertex, operator })),
    );
    this.#sources = new Map(
      sources.map(({ vertex, operator }) => [
        operator.id,
        {
          vertex,
          operator,
          source: operator.spec.parameters["source"] as AnySource, // put there by `fromSource`
          readers: new Set<number>(),
          scheduled: new Set<Cancel>(),
          enumerator: undefined,
          generation: 0,
        },
      ]),
    );
  }

  /** Starts all enumerators anew, from what a checkpoint says, or from nothing. */
  start(restored: readonly CoordinatorSnapshot[]): void {
    this.stop();
    for (const coordinated of this.#sources.values()) {
      const { generation } = coordinated;
      const saved = restored.find(({ operatorId }) => operatorId === coordinated.operator.id);
      this.#guard(coordinated, () => {
        const state = saved === undefined ? undefined : decodeValue(saved.state);
        coordinated.enumerator = coordinated.source.createEnumerator(this.#context(coordinated), state);
        coordinated.enumerator.start?.();
      });
      // It failed, and with it the attempt: `stop` has been called, and what would start now would never be stopped.
      if (coordinated.generation !== generation) return;
    }
  }

  stop(): void {
    for (const coordinated of this.#sources.values()) {
      coordinated.generation += 1;
      coordinated.readers.clear();
      for (const cancel of coordinated.scheduled) cancel();
      coordinated.scheduled.clear();
      const closing = coordinated.enumerator?.close?.();
      coordinated.enumerator = undefined;
      // A failing close has nobody left to fail: what it held goes with the process.
      if (closing instanceof Promise) closing.catch(() => undefined);
    }
  }

  handle(operatorId: string, subtask: number, event: ReaderToCoordinator): void {
    const coordinated = this.#sources.get(operatorId);
    if (coordinated === undefined) return;
    this.#guard(coordinated, (enumerator) => {
      switch (event.type) {
        case "register-reader":
          coordinated.readers.add(subtask);
          enumerator?.addReader?.(subtask);
          return;
        case "request-split":
          enumerator?.handleSplitRequest(subtask);
          return;
        case "source-event":
          enumerator?.handleEvent?.(subtask, event.event);
      }
    });
  }

  /** Throws what an enumerator throws; the checkpoint is then not triggered. */
  snapshot(checkpointId: number): CoordinatorSnapshot[] {
    return [...this.#sources.values()].flatMap(({ enumerator, operator }) =>
      enumerator === undefined
        ? []
        : [{ operatorId: operator.id, state: encodeValue(enumerator.snapshot(checkpointId)) }],
    );
  }

  completed(checkpointId: number): void {
    for (const coordinated of this.#sources.values()) {
      this.#guard(coordinated, (enumerator) => enumerator?.checkpointCompleted?.(checkpointId));
    }
  }

  #guard(coordinated: Coordinated, run: (enumerator: Coordinated["enumerator"]) => void): void {
    try {
      run(coordinated.enumerator);
    } catch (error) {
      this.#fail(coordinated, error);
    }
  }

  #fail({ operator }: Coordinated, error: unknown): void {
    if (isMillraceError(error)) return this.#options.fail(located(error, `operator "${operator.name}"`));
    const { message } = asError(error);
    this.#options.fail(
      new MillraceError("MR7002", `operator "${operator.name}" failed on the master: ${message}`, { cause: error }),
    );
  }

  #context(coordinated: Coordinated): SplitEnumeratorContext<SourceSplit> {
    const { clock, config, metrics } = this.#options;
    const { vertex, operator, generation } = { ...coordinated };
    const current = (): boolean => coordinated.generation === generation;
    const send = (subtask: number, event: CoordinatorToReader): void => {
      if (current()) this.#options.send(vertex.index, subtask, operator.id, event);
    };
    const execute = (mail: () => void): void =>
      this.#options.execute(() => {
        if (current()) this.#guard(coordinated, mail);
      });
    return {
      parallelism: vertex.parallelism,
      metrics: metrics.operator(operator.name),
      config,
      nowMs: () => clock.nowMs(),
      registeredReaders: () => [...coordinated.readers].sort((left, right) => left - right),
      assignSplits: (subtask, splits) => send(subtask, { type: "add-splits", splits }),
      signalNoMoreSplits: (subtask) => send(subtask, { type: "no-more-splits" }),
      sendEvent: (subtask, event) => send(subtask, { type: "source-event", event }),
      execute,
      schedule: (delayMs, mail) => {
        const cancel = clock.schedule(delayMs, () => {
          coordinated.scheduled.delete(cancel);
          execute(mail);
        });
        coordinated.scheduled.add(cancel);
        return () => {
          coordinated.scheduled.delete(cancel);
          cancel();
        };
      },
      fail: (error) => this.#fail(coordinated, error),
    };
  }
}
