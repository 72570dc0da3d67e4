/**
 * What a running job shows: records, rate, watermark, checkpoints. On a terminal one line, rewritten; in a log a plain line every few seconds.
 *
 * In:  the metrics of the job's client. Out: text on one stream.
 */
import type { JobClient, JobStatus, MetricSample } from "../../api/job-client.ts";
import { sourceRecords } from "../source-records.ts";
import { TerminalLine } from "./terminal-line.ts";

const TERMINAL_EVERY_MS = 250;
const LOG_EVERY_MS = 2_000;
/** What a `Date` can hold. */
const DATE_MS_MAX = 8.64e15;

export interface ProgressTotals {
  /** Records that the sources have read, over all attempts. */
  readonly records: number;
  /** The lowest watermark that an operator has passed on; undefined while there is none, and after the last one. */
  readonly watermarkMs: number | undefined;
  readonly checkpoints: number;
  readonly restarts: number;
}

export function totalsOf(metrics: readonly MetricSample[]): ProgressTotals {
  const values = (name: string): number[] =>
    metrics.filter((metric) => metric.name === name).map(({ value }) => Number(value));
  const watermarks = values("currentOutputWatermark").filter(Number.isFinite);
  return {
    records: sourceRecords(metrics) + sum(values("numRecordsInEarlierAttempts")),
    watermarkMs: watermarks.length === 0 ? undefined : Math.min(...watermarks),
    checkpoints: sum(values("numberOfCompletedCheckpoints")),
    restarts: sum(values("numRestarts")),
  };
}

export function progressLine(status: string, totals: ProgressTotals, recordsPerSecond: number): string {
  const { records, watermarkMs, checkpoints, restarts } = totals;
  const parts = [
    status,
    `records ${records}`,
    `rate ${Math.round(recordsPerSecond)}/s`,
    `watermark ${watermarkMs === undefined ? "none" : watermarkText(watermarkMs)}`,
    `checkpoints ${checkpoints}`,
  ];
  return [...parts, ...(restarts === 0 ? [] : [`restarts ${restarts}`])].join("  ");
}

const FINAL: ReadonlySet<JobStatus> = new Set(["FINISHED", "CANCELED", "FAILED"]);

export function isFinal(status: JobStatus): boolean {
  return FINAL.has(status);
}

/** Starts showing, until the status is final; the function returned ends it. */
export function showProgress(client: Pick<JobClient, "metrics" | "status">, out: NodeJS.WriteStream): () => void {
  const line = out.isTTY ? new TerminalLine(out, [process.stdout, process.stderr]) : undefined;
  let lastRecords = 0;
  let lastMs = performance.now();
  const show = (): void => {
    const totals = totalsOf(client.metrics());
    const nowMs = performance.now();
    const perSecond = Math.max(0, ((totals.records - lastRecords) * 1_000) / (nowMs - lastMs));
    lastRecords = totals.records;
    lastMs = nowMs;
    const status = client.status();
    const text = progressLine(status, totals, perSecond);
    if (line === undefined) out.write(`${text}\n`);
    else line.show(text);
    // What is still to be done then, such as removing checkpoints, changes nothing of this.
    if (isFinal(status)) clearInterval(timer);
  };
  const timer = setInterval(show, line === undefined ? LOG_EVERY_MS : TERMINAL_EVERY_MS);
  return () => {
    clearInterval(timer);
    line?.end();
  };
}

/** Timestamps need not be dates: some jobs count. */
function watermarkText(watermarkMs: number): string {
  return Math.abs(watermarkMs) <= DATE_MS_MAX ? new Date(watermarkMs).toISOString() : `${watermarkMs} ms`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
