/**
 * Windows of the machine's time: which record falls into which depends on chance, and those still open at the end of the input emit nothing.
 *
 * Laws: a record is in as many windows as its assigner has for it, at most; a window has records of its key only, each once.
 */
import { session, sliding, tumbling } from "../../../../core/index.ts";
import type { Collector, WindowAssigner } from "../../../../core/index.ts";
import { firstOf, lanesOf, repeated } from "./law.ts";
import type { ConservingKind } from "./law.ts";
import type { Numbered } from "./numbered.ts";

export interface ProcessingWindows {
  readonly kind: "processing-windows";
  readonly assigner: "tumbling" | "sliding" | "session";
  readonly sizeMs: number;
  /** How many sliding windows a record is in. */
  readonly windowsPerRecord: number;
}

const FIRED = "fired/";

export const PROCESSING_WINDOWS: ConservingKind<ProcessingWindows> = {
  code: (windows) =>
    `numbered.keyBy(key).window(${windows.assigner} of ${windows.sizeMs} ms of processing time, ${timesOf(windows)} per record).process(all ids)`,
  build(records, windows, write) {
    const fired = records
      .keyBy(({ key }) => key)
      .window(assignerOf(windows))
      .process({
        process({ key }, elements, out: Collector<{ readonly key: string; readonly ids: readonly number[] }>) {
          out.collect({ key, ids: [...elements].map(({ id }) => id) });
        },
      })
      .uid("windows");
    write(
      fired.map(({ key, ids }) => ({ lane: `${FIRED}${key}`, value: ids })),
      "fired",
    );
  },
  broken(written, windows, input) {
    const keys = new Map(input.map(({ id, key }) => [id, key]));
    return firstOf(lanesOf<readonly number[]>(written, FIRED), ([key, firings]) => {
      const times = new Map<number, number>();
      return firstOf(firings, (ids) => {
        const twice = repeated(ids);
        if (twice !== undefined) return `a window of ${key} has record ${twice} twice`;
        return firstOf(ids, (id) => {
          times.set(id, (times.get(id) ?? 0) + 1);
          if (keys.get(id) !== key) return `a window of ${key} has record ${id} of ${keys.get(id) ?? "nobody"}`;
          return (times.get(id) ?? 0) > timesOf(windows) ? `record ${id} is in ${times.get(id)} windows` : undefined;
        });
      });
    });
  },
};

function timesOf({ assigner, windowsPerRecord }: ProcessingWindows): number {
  return assigner === "sliding" ? windowsPerRecord : 1;
}

function assignerOf(windows: ProcessingWindows): WindowAssigner<Numbered> {
  const { assigner, sizeMs, windowsPerRecord } = windows;
  if (assigner === "session") return session(sizeMs, { time: "processing" });
  if (assigner === "tumbling") return tumbling(sizeMs, { time: "processing" });
  return sliding(sizeMs * windowsPerRecord, sizeMs, { time: "processing" });
}
