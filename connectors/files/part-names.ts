/**
 * Names of the files that the file sink writes. A part is one file; its number counts within its subtask.
 *
 * Finished: `part-2-000017.ndjson`. Being written or pending: `.part-2-000017.inprogress.0-m3k9x`, hidden, ending with the id of the attempt that writes it,
 * so that a later attempt never writes into a file of an earlier one. Pending and in a savepoint: `.part-2-000017.savepoint.0-m3k9x`, which no restart
 * removes.
 */

export interface PartName {
  readonly subtask: number;
  readonly number: number;
  /** Of the attempt that wrote it; undefined once it is finished. */
  readonly attemptId: string | undefined;
  /** A savepoint contains it. */
  readonly kept: boolean;
}

export interface PartNaming {
  readonly prefix: string;
  readonly suffix: string;
}

const DIGITS = 6;

export function finishedName({ prefix, suffix }: PartNaming, subtask: number, number: number): string {
  return `${prefix}-${subtask}-${String(number).padStart(DIGITS, "0")}${suffix}`;
}

export function hiddenName({ prefix }: PartNaming, subtask: number, number: number, attemptId: string): string {
  return `.${prefix}-${subtask}-${String(number).padStart(DIGITS, "0")}.inprogress.${attemptId}`;
}

/** Of a hidden file, once a savepoint contains it. */
export function keptName(hidden: string): string {
  return hidden.replace(/\.inprogress\.(?=[\w-]+$)/, ".savepoint.");
}

/** Undefined: the sink did not write it. The suffix is not asked for, since it may have been another in an earlier run. */
export function parsePartName(name: string, { prefix }: PartNaming): PartName | undefined {
  const hidden = name.startsWith(`.${prefix}-`);
  if (!hidden && !name.startsWith(`${prefix}-`)) return undefined;
  const rest = name.slice(prefix.length + (hidden ? 2 : 1));
  const match = (hidden ? /^(\d+)-(\d+)\.(inprogress|savepoint)\.([\w-]+)$/ : /^(\d+)-(\d+)(?!\d)/).exec(rest);
  if (match === null) return undefined;
  const [, subtask, number, mark, attemptId] = match;
  return { subtask: Number(subtask), number: Number(number), attemptId, kept: mark === "savepoint" };
}
