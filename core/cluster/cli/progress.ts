/** What a running job shows on a terminal (one line, rewritten) or in a log (a line every few seconds): records, rate, watermark, checkpoints. */
import type { JobClient, MetricSample } from "../../api/job-client.ts";

const TERMINAL_EVERY_MS = 250;
const LOG_EVERY_MS = 2_000;

export interface ProgressTotals {
  /** Records that the sources have read, over all attempts that still run. */
  readonly records: number;
  /** The lowest watermark of the sources; undefined if there is none yet. */
  readonly watermarkMs: number | undefined;
  readonly checkpoints: number;
  readonly restarts: number;
}

export function totalsOf(metrics: readonly MetricSample[]): ProgressTotals {
  const values = (name: string): number[] => metrics.filter((metric) => metric.name === name).map(({ value }) => Number(value));
  const sourceRecords = metrics.filter(({ name, scope }) => name === "numRecordsIn" && scope.operator !== undefined).map(({ value }) => Number(value));
  const watermarks = values("currentOutputWatermark").filter(Number.isFinite);
  return {
    records: sum(sourceRecords),
    watermarkMs: watermarks.length === 0 ? undefined : Math.min(...watermarks),
    checkpoints: sum(values("numberOfCompletedCheckpoints")),
    restarts: sum(values("numRestarts")),
  };
}

/** Starts showing; the function returned ends it. */
export function showProgress(client: JobClient, out: NodeJS.WriteStream): () => void {
  const terminal = out.isTTY;
  let lastRecords = 0;
  let lastMs = performance.now();
  const show = (): void => {
    const totals = totalsOf(client.metrics());
    const nowMs = performance.now();
    const rate = Math.max(0, ((totals.records - lastRecords) * 1_000) / (nowMs - lastMs));
    lastRecords = totals.records;
    lastMs = nowMs;
    const watermark = totals.watermarkMs === undefined ? "none" : new Date(totals.watermarkMs).toISOString();
    const line = `${client.status()}  records ${totals.records}  rate ${Math.round(rate)}/s  watermark ${watermark}  checkpoints ${totals.checkpoints}`;
    out.write(terminal ? `\r\u001b[2K${line}` : `${line}\n`);
  };
  const timer = setInterval(show, terminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
  return () => {
    clearInterval(timer);
    if (terminal) out.write("\r\u001b[2K");
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
