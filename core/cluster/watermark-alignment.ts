/**
 * The master's side of watermark alignment: how far the slowest reader of each group has come.
 *
 * In:    reports of readers, and which of them are gone. Out: per report, who is to be told what.
 * State: the last report of each reader, and what it was told. In memory only: readers that start again report anew, from their restored watermarks.
 *
 * Whoever reports is told where its group stands. If the group has fallen back, which only a reader can cause that starts, starts again or is no longer idle, all are told
 * at once, since they would read on by what they know. So nothing has to be timed here, and there are no more messages than reports otherwise.
 */
import type { TimeMs } from "../time/clock.ts";
import { WATERMARK_MAX } from "../time/watermark.ts";

/** A source operator, by its id, and the group that its strategy names. */
export interface AlignedSource {
  readonly operatorId: string;
  readonly group: string;
}

export interface AlignmentNews {
  readonly operatorId: string;
  readonly subtask: number;
  readonly lowestMs: TimeMs;
}

interface Member {
  readonly operatorId: string;
  readonly subtask: number;
  /** Infinity: nobody need wait for it. */
  watermarkMs: TimeMs;
  toldMs: TimeMs | undefined;
}

/** By operator and subtask. */
type Group = Map<string, Member>;

const NO_NEWS: readonly AlignmentNews[] = [];

export class WatermarkAlignment {
  /** By operator; sources of one group share one. */
  readonly #groups: ReadonlyMap<string, Group>;

  constructor(sources: readonly AlignedSource[]) {
    const byName = new Map<string, Group>(sources.map(({ group }) => [group, new Map()]));
    this.#groups = new Map(sources.map(({ operatorId, group }) => [operatorId, byName.get(group) ?? new Map()]));
  }

  report(operatorId: string, subtask: number, watermarkMs: TimeMs): readonly AlignmentNews[] {
    const group = this.#groups.get(operatorId);
    if (group === undefined) return NO_NEWS;
    const key = keyOf(operatorId, subtask);
    const reporting = group.get(key) ?? { operatorId, subtask, watermarkMs, toldMs: undefined };
    reporting.watermarkMs = watermarkMs;
    group.set(key, reporting);
    const lowestMs = lowestOf(group);
    const news: AlignmentNews[] = [];
    for (const member of group.values()) {
      const isDue = member === reporting ? member.toldMs !== lowestMs : (member.toldMs ?? lowestMs) > lowestMs;
      if (!isDue) continue;
      member.toldMs = lowestMs;
      news.push({ operatorId: member.operatorId, subtask: member.subtask, lowestMs });
    }
    return news;
  }

  /** Nobody waits for it any more, until it reports again. */
  lost(operatorId: string, subtask: number): void {
    this.#groups.get(operatorId)?.delete(keyOf(operatorId, subtask));
  }
}

function lowestOf(group: Group): TimeMs {
  let lowestMs = WATERMARK_MAX;
  for (const { watermarkMs } of group.values()) lowestMs = Math.min(lowestMs, watermarkMs);
  return lowestMs;
}

function keyOf(operatorId: string, subtask: number): string {
  return `${subtask} of ${operatorId}`;
}
