/**
 * The master's side of all sources of a job: one split enumerator per source operator, between its readers and its saved state.
 *
 * In:   events of readers, checkpoint notifications, restarts. Out: events to readers, in order; snapshots.
 * State: the enumerators', saved with each checkpoint; what they have assigned since. What an enumerator assigns before a snapshot reaches the reader before
 *        the trigger, and what it assigns after reaches the reader after it, since both go through the same ordered gateway.
 *
 * An enumerator serves all subtasks of its source, which may be in several regions. If all of them start again, so does it, from the checkpoint; if some do, it
 * goes on and gets back what it had assigned to those since.
 */
import type { CoordinatorSnapshot } from "../checkpoint/contract.ts";
import type { JobGraph, JobOperator, JobVertex, Subtask } from "../graph/job-graph-types.ts";
import type { MetricLease } from "../metrics/metric-registry.ts";
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from "../operators/contracts/source.ts";
import type { CoordinatorToReader, ReaderToCoordinator } from "../operators/contracts/source-events.ts";
import { decodeValue, encodeValue } from "../types/value-codec.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { WatermarkStrategy } from "../time/watermark-strategy.ts";
import type { Config } from "../util/config.ts";
import { asError, isMillraceError, located, MillraceError } from "../util/errors.ts";
import { SplitAssignments } from "./split-assignments.ts";
import { WatermarkAlignment } from "./watermark-alignment.ts";

type AnySource = Source<unknown, SourceSplit, unknown>;

export interface SourceCoordinatorsOptions {
  readonly graph: JobGraph;
  readonly config: Config;
  readonly clock: Clock;
  readonly metrics: MetricLease;
  /** Runs something in the job master's turn. */
  execute(mail: () => void): void;
  send(vertex: number, subtask: number, operatorId: string, event: CoordinatorToReader): void;
  /** Said to people, with the name of the operator; the job goes on. */
  warn(sentence: string): void;
  fail(cause: Error): void;
}

interface Coordinated {
  readonly vertex: JobVertex;
  readonly operator: JobOperator;
  readonly source: AnySource;
  readonly readers: Set<number>;
  readonly assignments: SplitAssignments;
  readonly scheduled: Set<Cancel>;
  /** See `SplitEnumeratorContext.keepForJob`. */
  kept: { readonly value: unknown } | undefined;
  enumerator: SplitEnumerator<SourceSplit, unknown> | undefined;
  /** Grows with each reset, so that callbacks of an earlier enumerator are dropped. */
  generation: number;
}

export class SourceCoordinators {
  readonly #options: SourceCoordinatorsOptions;
  readonly #sources: ReadonlyMap<string, Coordinated>;
  readonly #alignment: WatermarkAlignment;
  #stops: number;

  constructor(options: SourceCoordinatorsOptions) {
    this.#options = options;
    this.#stops = 0;
    const sources = options.graph.vertices.flatMap((vertex) =>
      vertex.operators
        .filter((operator) => operator.spec.module === "source")
        .map((operator) => ({ vertex, operator })),
    );
    this.#alignment = alignmentOf(sources.map(({ operator }) => operator));
    this.#sources = new Map(
      sources.map(({ vertex, operator }) => [
        operator.id,
        {
          vertex,
          operator,
          source: operator.spec.parameters["source"] as AnySource, // put there by `fromSource`
          readers: new Set<number>(),
          assignments: new SplitAssignments(),
          scheduled: new Set<Cancel>(),
          kept: undefined,
          enumerator: undefined,
          generation: 0,
        },
      ]),
    );
  }

  /** These have started, and what is sent to them reaches them. `saved`: by the newest completed checkpoint, from which they start. */
  restored(subtasks: readonly Subtask[], saved: readonly CoordinatorSnapshot[]): void {
    const stops = this.#stops;
    for (const coordinated of this.#sources.values()) {
      const { vertex } = coordinated;
      const own = subtasks.filter((subtask) => subtask.vertex === vertex.index);
      if (own.length === vertex.parallelism) this.#renew(coordinated, saved);
      else for (const { subtask } of own) this.#reset(coordinated, subtask);
      // It failed, and with it the job: what would start now would never be stopped.
      if (this.#stops !== stops) return;
    }
  }

  /** Their readers are gone. */
  lost(subtasks: readonly Subtask[]): void {
    for (const coordinated of this.#sources.values())
      for (const { vertex, subtask } of subtasks)
        if (vertex === coordinated.vertex.index) this.#forget(coordinated, subtask);
  }

  stop(): void {
    this.#stops += 1;
    for (const coordinated of this.#sources.values()) this.#close(coordinated);
  }

  handle(operatorId: string, subtask: number, event: ReaderToCoordinator): void {
    const coordinated = this.#sources.get(operatorId);
    if (coordinated === undefined) return;
    if (event.type === "report-watermark") {
      if (coordinated.readers.has(subtask)) this.#align(operatorId, subtask, event.watermarkMs);
      return;
    }
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
    return [...this.#sources.values()].flatMap(({ enumerator, operator, assignments }) => {
      if (enumerator === undefined) return [];
      const state = encodeValue(enumerator.snapshot(checkpointId));
      assignments.snapshot(checkpointId);
      return [{ operatorId: operator.id, state }];
    });
  }

  completed(checkpointId: number): void {
    for (const coordinated of this.#sources.values()) {
      coordinated.assignments.completed(checkpointId);
      this.#guard(coordinated, (enumerator) => enumerator?.checkpointCompleted?.(checkpointId));
    }
  }

  #align(operatorId: string, subtask: number, watermarkMs: number): void {
    for (const news of this.#alignment.report(operatorId, subtask, watermarkMs)) {
      const vertex = this.#sources.get(news.operatorId)?.vertex.index;
      if (vertex === undefined) continue;
      const event: CoordinatorToReader = { type: "align-watermarks", lowestMs: news.lowestMs };
      this.#options.send(vertex, news.subtask, news.operatorId, event);
    }
  }

  #forget({ operator, readers }: Coordinated, subtask: number): void {
    readers.delete(subtask);
    this.#alignment.lost(operator.id, subtask);
  }

  #renew(coordinated: Coordinated, saved: readonly CoordinatorSnapshot[]): void {
    this.#close(coordinated);
    const own = saved.find(({ operatorId }) => operatorId === coordinated.operator.id);
    this.#guard(coordinated, () => {
      const state = own === undefined ? undefined : decodeValue(own.state);
      coordinated.enumerator = coordinated.source.createEnumerator(this.#context(coordinated), state);
      coordinated.enumerator.start?.();
    });
  }

  /** Told also if there is nothing to give back: it may hold a request of the reader that is gone. */
  #reset(coordinated: Coordinated, subtask: number): void {
    const splits = coordinated.assignments.takeBack(subtask);
    this.#guard(coordinated, (enumerator) => enumerator?.addSplitsBack(splits, subtask));
  }

  #close(coordinated: Coordinated): void {
    coordinated.generation += 1;
    for (const subtask of coordinated.readers) this.#forget(coordinated, subtask);
    coordinated.assignments.clear();
    for (const cancel of coordinated.scheduled) cancel();
    coordinated.scheduled.clear();
    const closing = coordinated.enumerator?.close?.();
    coordinated.enumerator = undefined;
    // A failing close has nobody left to fail: what it held goes with the process.
    if (closing instanceof Promise) closing.catch(() => undefined);
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
      assignSplits: (subtask, splits) => {
        if (!current()) return;
        coordinated.assignments.assigned(subtask, splits);
        send(subtask, { type: "add-splits", splits });
      },
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
      keepForJob: <K>(create: () => K) => {
        coordinated.kept ??= { value: create() };
        return coordinated.kept.value as K; // enumerators of one source keep one kind of thing
      },
      warn: (sentence) => this.#options.warn(`operator "${operator.name}": ${sentence}`),
      // Later, since it may be in the middle of a snapshot, and so of a checkpoint that begins.
      fail: (error) => execute(() => this.#fail(coordinated, error)),
    };
  }
}

function alignmentOf(sources: readonly JobOperator[]): WatermarkAlignment {
  return new WatermarkAlignment(
    sources.flatMap(({ id, spec }) => {
      const { alignment } = spec.parameters["strategy"] as WatermarkStrategy<unknown>; // put there by `fromSource`
      return alignment === undefined ? [] : [{ operatorId: id, group: alignment.group }];
    }),
  );
}
