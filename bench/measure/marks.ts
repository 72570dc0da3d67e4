/** Moments of a run that outlive the thread or attempt that has seen them: a file each, with the time in it. The first to mark a moment is right. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Comparable between the threads of a process, and between processes of one machine. */
export function preciseNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Returns whether it was the first. */
export function mark(directory: string, moment: string): boolean {
  const nowMs = preciseNowMs();
  const file = join(directory, `mark-${moment}`);
  if (existsSync(file)) return false;
  writeFileSync(file, String(nowMs));
  return true;
}

export function markedMs(directory: string, moment: string): number | undefined {
  const file = join(directory, `mark-${moment}`);
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}
