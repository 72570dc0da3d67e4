/**
 * What may happen to a thread in code of the job: once, at one record, whatever is repeated later.
 *
 * In:    numbers that pass. Out: the same numbers, or the end of the thread. State: a file that says that it has happened.
 */
import { writeFileSync } from "node:fs";

export type DisasterKind = "error" | "exit" | "timer" | "rejection" | "heap" | "loop" | "kill";

export interface Disaster {
  readonly kind: DisasterKind;
  /** The record. */
  readonly at: number;
  /** Made when it happens, with the process id; where it exists, nothing happens. Undefined: it happens every time. */
  readonly marker?: string;
}

export function disasterAt({ kind, at, marker }: Disaster): (n: number) => number {
  return (n) => {
    if (n === at && isFirst(marker)) strike(kind);
    return n;
  };
}

function isFirst(marker: string | undefined): boolean {
  if (marker === undefined) return true;
  try {
    writeFileSync(marker, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

function strike(kind: DisasterKind): void {
  switch (kind) {
    case "error":
      throw new RangeError("an unlucky record");
    case "exit":
      return process.exit(3);
    case "timer":
      return void setTimeout(() => {
        throw new Error("boom in a timer");
      }, 0);
    case "rejection":
      return void Promise.reject(new Error("nobody handles this"));
    case "heap":
      return fillHeap();
    case "kill":
      return void process.kill(process.pid, "SIGKILL");
    case "loop":
      return loopForEver();
  }
}

function fillHeap(): void {
  const kept: object[] = [];
  for (;;) kept.push({ index: kept.length, text: `text ${kept.length}` });
}

function loopForEver(): void {
  for (;;) Math.sqrt(2);
}
