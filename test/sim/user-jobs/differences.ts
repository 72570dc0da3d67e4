/**
 * What two outputs of a sink differ in: as multisets, or in order per key.
 *
 * In:    what a run committed, and what it should have. Out: a text for people, or nothing.
 */
import { inspect, isDeepStrictEqual } from "node:util";
import { asError } from "../../../core/util/errors.ts";

export interface Comparison {
  /** The key within which order counts. Left out: none does. */
  readonly order?: ((record: unknown, sink: string) => unknown) | undefined;
  /** Default: deep equality of values. */
  readonly equal?: ((actual: unknown, expected: unknown) => boolean) | undefined;
  /** The run could not go on: it may have committed less, but nothing else. Default: false. */
  readonly isPart?: boolean;
}

const SHOWN_MAX = 5;

export function differenceOf(
  sink: string,
  { actual, expected }: { readonly actual: readonly unknown[]; readonly expected: readonly unknown[] },
  { order, equal = isDeepStrictEqual, isPart = false }: Comparison,
): string | undefined {
  const missing = isPart ? [] : without(expected, actual, (wanted, found) => equal(found, wanted));
  const surplus = without(actual, expected, equal);
  if (missing.length > 0 || surplus.length > 0) {
    return [
      `sink "${sink}" committed ${actual.length} records, where a calm run commits ${expected.length}`,
      ...listed("missing", missing),
      ...listed("not in the calm run, or more often", surplus),
    ].join("\n");
  }
  if (order === undefined) return undefined;
  const wanted = byKey(expected, (record) => order(record, sink));
  for (const [key, records] of byKey(actual, (record) => order(record, sink))) {
    const others = wanted.get(key) ?? [];
    const at = records.findIndex((record, index) => !equal(record, others[index]));
    if (at >= 0) {
      const lines = [...listed("committed", records.slice(at)), ...listed("in the calm run", others.slice(at))];
      return [
        `sink "${sink}" committed the records of key ${key} in another order, from record ${at + 1} on`,
        ...lines,
      ].join("\n");
    }
  }
  return undefined;
}

/** The records of one list that find no partner in the other. */
function without(
  records: readonly unknown[],
  others: readonly unknown[],
  equal: (record: unknown, other: unknown) => boolean,
): unknown[] {
  const partners = new Map<string, unknown[]>();
  for (const other of others) {
    const text = textOf(other);
    const same = partners.get(text);
    if (same === undefined) partners.set(text, [other]);
    else same.push(other);
  }
  // Most are found by their text; `equal` need only be asked about the rest.
  const left = records.filter((record) => {
    const same = partners.get(textOf(record));
    const at = same?.findIndex((other) => equal(record, other)) ?? -1;
    if (at >= 0) same?.splice(at, 1);
    return at < 0;
  });
  const rest = [...partners.values()].flat();
  return left.filter((record) => {
    const at = rest.findIndex((other) => equal(record, other));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

function byKey(records: readonly unknown[], keyOf: (record: unknown) => unknown): ReadonlyMap<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const record of records) {
    const key = textOf(keyOf(record));
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return groups;
}

function listed(title: string, records: readonly unknown[]): string[] {
  if (records.length === 0) return [];
  const more = records.length > SHOWN_MAX ? [`    and ${records.length - SHOWN_MAX} more`] : [];
  return [`  ${title}:`, ...records.slice(0, SHOWN_MAX).map((record) => `    ${textOf(record)}`), ...more];
}

/** Equal values have equal texts, whatever the order of their fields. */
function textOf(value: unknown): string {
  try {
    return inspect(value, {
      sorted: true,
      depth: 12,
      breakLength: Infinity,
      maxArrayLength: 1_000,
      maxStringLength: 10_000,
    });
  } catch (error) {
    return asError(error).message;
  }
}
