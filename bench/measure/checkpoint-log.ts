/**
 * Watches the checkpoints of a running job through its metrics, which show the last one only.
 *
 * In:    a client, asked ten times a second. Out: how many there were, how long they took in the middle and at most, and the size of the last.
 */
import type { JobClient, MetricSample } from "millrace";
import type { Figures } from "../case.ts";

const LOOK_EVERY_MS = 100;

export class CheckpointLog {
  readonly #client: JobClient;
  readonly #tookMs: Map<number, number>;
  readonly #timer: NodeJS.Timeout;

  constructor(client: JobClient) {
    this.#client = client;
    this.#tookMs = new Map();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Once the job has ended. */
  figures(): Figures {
    const metrics = this.#look();
    const sorted = [...this.#tookMs.values()].toSorted((left, right) => left - right);
    const megabytes = (bytes: number): number => Math.round(bytes / 10_000) / 100;
    return {
      checkpoints: read(metrics, "numberOfCompletedCheckpoints"),
      "checkpoint, median (ms)": Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
      "checkpoint, longest (ms)": Math.round(sorted.at(-1) ?? 0),
      "last increment (MB)": megabytes(read(metrics, "lastCheckpointSize")),
      "whole checkpoint (MB)": megabytes(read(metrics, "lastCheckpointFullSize")),
    };
  }

  #look(): readonly MetricSample[] {
    const metrics = this.#client.metrics();
    const completed = read(metrics, "numberOfCompletedCheckpoints");
    if (completed > 0 && !this.#tookMs.has(completed))
      this.#tookMs.set(completed, read(metrics, "lastCheckpointDuration"));
    return metrics;
  }
}

function read(metrics: readonly MetricSample[], name: string): number {
  return Number(metrics.find((metric) => metric.name === name)?.value ?? 0);
}
