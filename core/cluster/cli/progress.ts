/**
 * What a running job shows: records, rate, watermark, checkpoints. On a terminal one line, rewritten; in a log a plain line every few seconds.
 *
 * In:  the metrics of the job's client. Out: text on one stream.
 */
import type { JobClient, JobStatus, MetricSample } from "../../api/job-client.ts";
import { sourceRecords } from "../source-records.ts";
import { TerminalLine } from "./terminal-line.ts";
import { bottleneck, loadTable, slotLine, vertexLoads } from "./vertex-load.ts";

const TERMINAL_EVERY_MS = 250;
const LOG_EVERY_MS = 2_000;
/** The rate is that of so long: threads tell their counts once a second. */
const RATE_OVER_MS = 2_000;
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

export interface ProgressOptions {
  /** Where the time of each vertex goes: in a log a table under each line, on a terminal the busiest at the end of the line. */
  readonly perVertex?: boolean;
}

/** Starts showing, until the status is final; the function returned ends it. */
export function showProgress(
  client: Pick<JobClient, "metrics" | "status">,
  out: NodeJS.WriteStream,
  { perVertex = false }: ProgressOptions = {},
): () => void {
  const line = out.isTTY ? new TerminalLine(out, [process.stdout, process.stderr]) : undefined;
  const perSecondAt = recentRate(performance.now());
  const show = (): void => {
    const metrics = client.metrics();
    const totals = totalsOf(metrics);
    const perSecond = perSecondAt(performance.now(), totals.records);
    const status = client.status();
    const text = progressLine(status, totals, perSecond);
    const loads = perVertex ? vertexLoads(metrics) : [];
    if (line === undefined) out.write(`${text}\n${loadTable(loads)}${perVertex ? slotLine(metrics) : ""}`);
    else line.show([text, bottleneck(loads) ?? ""].join("  "));
    // What is still to be done then, such as removing checkpoints, changes nothing of this.
    if (isFinal(status)) clearInterval(timer);
  };
  const timer = setInterval(show, line === undefined ? LOG_EVERY_MS : TERMINAL_EVERY_MS);
  return () => {
    clearInterval(timer);
    line?.end();
  };
}

/** Given a count of records at each look, their rate. Counting begins now. */
function recentRate(startMs: number): (nowMs: number, records: number) => number {
  const looks = [{ atMs: startMs, records: 0 }];
  return (nowMs, records) => {
    looks.push({ atMs: nowMs, records });
    while (looks[1] !== undefined && nowMs - looks[1].atMs >= RATE_OVER_MS) looks.shift();
    const [first = { atMs: startMs, records: 0 }] = looks;
    return Math.max(0, ((records - first.records) * 1_000) / Math.max(1, nowMs - first.atMs));
  };
}

/** Timestamps need not be dates: some jobs count. */
function watermarkText(watermarkMs: number): string {
  return Math.abs(watermarkMs) <= DATE_MS_MAX ? new Date(watermarkMs).toISOString() : `${watermarkMs} ms`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
