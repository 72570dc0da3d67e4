/**
 * State that expires by event time: each record says whom it found before it.
 *
 * Laws: it found the record before it, or nobody; nobody if the watermark had gone the whole time to live since, and only then.
 */
import { value } from "../../../../core/index.ts";
import type { Collector } from "../../../../core/index.ts";
import { firstOf, lanesOf, notTheSame } from "./law.ts";
import type { ConservingKind } from "./law.ts";

export interface Expiring {
  readonly kind: "expiring";
  readonly ttlMs: number;
}

interface Found {
  readonly id: number;
  readonly before: number | undefined;
  readonly watermarkMs: number;
}

const FOUND = "found/";

export const EXPIRING: ConservingKind<Expiring> = {
  code: ({ ttlMs }) => `numbered.keyBy(key).process(a value with a ttl of ${ttlMs} ms of event time: who was before)`,
  build(records, { ttlMs }, write) {
    const found = records
      .keyBy(({ key }) => key)
      .process({
        state: { before: value<number>({ ttl: { after: ttlMs, time: "event" } }) },
        processElement({ id }, { key, state, currentWatermarkMs }, out: Collector<Found & { readonly key: string }>) {
          out.collect({ key, id, before: state.before.value(), watermarkMs: currentWatermarkMs });
          state.before.update(id);
        },
      })
      .uid("expiring");
    write(
      found.map(({ key, id, before, watermarkMs }) => ({ lane: `${FOUND}${key}`, value: { id, before, watermarkMs } })),
      "found",
    );
  },
  broken(written, { ttlMs }, input) {
    const lanes = lanesOf<Found>(written, FOUND);
    const ids = [...lanes.values()].flat().map(({ id }) => id);
    const wrong = firstOf(lanes, ([key, founds]) =>
      firstOf(founds.entries(), ([at, found]) => {
        const last = founds[at - 1];
        const sentence = `record ${found.id} of ${key} at watermark ${found.watermarkMs} found ${found.before ?? "nobody"}`;
        if (last === undefined) return found.before === undefined ? undefined : `${sentence}, and is the first`;
        const was = `record ${last.id} was before it, at watermark ${last.watermarkMs}`;
        // Before the first watermark there is no time to count from: it begins when the value is next met, by whomever.
        const undated = last.watermarkMs === -Infinity && found.watermarkMs > -Infinity;
        if (undated && found.before === undefined) return undefined;
        const expired = Number.isFinite(last.watermarkMs) && found.watermarkMs >= last.watermarkMs + ttlMs;
        return found.before === (expired ? undefined : last.id) ? undefined : `${sentence}, and ${was}`;
      }),
    );
    const expected = input.map(({ id }) => id);
    return wrong ?? notTheSame(ids, expected, "out");
  },
};
