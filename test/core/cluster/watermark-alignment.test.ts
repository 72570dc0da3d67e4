/**
 * Goal:   whoever reports knows where the slowest of its group stands, and nobody ever believes that it stands further than it does.
 * Method: cases; and reports and losses by chance, with what each reader was told last, against the plain minimum over what is reported.
 * Replay: a failure prints its seed; `MILLRACE_SEED=<seed>` runs it again.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WatermarkAlignment } from "../../../core/cluster/watermark-alignment.ts";
import { replay } from "../../harness/replay.ts";

const SOURCES = [
  { operatorId: "a", group: "one" },
  { operatorId: "b", group: "one" },
  { operatorId: "c", group: "other" },
] as const;

describe("the master's half of watermark alignment", () => {
  test("answers with the lowest of the group, over all its sources; other groups count for nothing", () => {
    const master = new WatermarkAlignment(SOURCES);
    expect(master.report("a", 0, 50)).toEqual([{ operatorId: "a", subtask: 0, lowestMs: 50 }]);
    expect(master.report("c", 0, 1)).toEqual([{ operatorId: "c", subtask: 0, lowestMs: 1 }]);
    expect(master.report("b", 1, 70)).toEqual([{ operatorId: "b", subtask: 1, lowestMs: 50 }]);
    expect(master.report("a", 0, 60)).toEqual([{ operatorId: "a", subtask: 0, lowestMs: 60 }]);
    // Nothing new.
    expect(master.report("a", 0, 60)).toEqual([]);
    expect(master.report("unknown", 0, 60)).toEqual([]);
  });

  test("a group that falls back hears of it at once", () => {
    const master = new WatermarkAlignment(SOURCES);
    master.report("a", 0, 50);
    expect(master.report("b", 0, -Infinity)).toEqual([
      { operatorId: "a", subtask: 0, lowestMs: -Infinity },
      { operatorId: "b", subtask: 0, lowestMs: -Infinity },
    ]);
  });

  test("who is idle, has ended or is gone holds back nobody; who starts again is told again", () => {
    const master = new WatermarkAlignment(SOURCES);
    master.report("a", 0, 5);
    master.report("a", 1, 80);
    master.report("b", 0, 50);
    master.report("a", 0, Infinity);
    expect(master.report("a", 1, 80)).toEqual([{ operatorId: "a", subtask: 1, lowestMs: 50 }]);
    master.lost("b", 0);
    expect(master.report("a", 1, 80)).toEqual([{ operatorId: "a", subtask: 1, lowestMs: 80 }]);
    expect(master.report("b", 0, 90)).toEqual([{ operatorId: "b", subtask: 0, lowestMs: 80 }]);
    master.lost("a", 1);
    master.lost("b", 0);
    expect(master.report("a", 0, Infinity)).toEqual([{ operatorId: "a", subtask: 0, lowestMs: Infinity }]);
  });

  test("against the plain minimum", () => {
    const reader = fc.record({ operatorId: fc.constantFrom("a", "b", "c"), subtask: fc.integer({ min: 0, max: 2 }) });
    const step = fc.record({
      reader,
      /** Undefined: it is lost. */
      watermarkMs: fc.option(fc.constantFrom(-Infinity, 1, 2, 3, 4, 5, Infinity), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (sequence) => {
        const master = new WatermarkAlignment(SOURCES);
        const reported = new Map<string, number>();
        const told = new Map<string, number>();
        const groupOf = (key: string): string => (key.startsWith("c") ? "other" : "one");
        for (const {
          reader: { operatorId, subtask },
          watermarkMs,
        } of sequence) {
          const key = `${operatorId}/${subtask}`;
          if (watermarkMs === undefined) {
            master.lost(operatorId, subtask);
            reported.delete(key);
            told.delete(key);
            continue;
          }
          reported.set(key, watermarkMs);
          for (const news of master.report(operatorId, subtask, watermarkMs))
            told.set(`${news.operatorId}/${news.subtask}`, news.lowestMs);
          const lowest = (group: string): number =>
            Math.min(...[...reported].filter(([other]) => groupOf(other) === group).map(([, ms]) => ms));
          expect(told.get(key)).toBe(lowest(groupOf(key)));
          for (const [other, lowestMs] of told) expect(lowestMs).toBeLessThanOrEqual(lowest(groupOf(other)));
          expect([...told.keys()].toSorted()).toEqual([...reported.keys()].toSorted());
        }
      }),
      replay,
    );
  });
});
