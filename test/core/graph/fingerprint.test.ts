/** The fingerprint: what must change it, what must not, and how two graphs that differ are told apart. */
import { describe, expect, test } from "vitest";
import { explainDivergence, signatureOf } from "../../../core/graph/fingerprint.ts";
import type { JobGraph } from "../../../core/graph/job-graph-types.ts";
import { add, jobGraphOf } from "./graphs.ts";
import type { NodeOptions } from "./graphs.ts";

function job(map: NodeOptions = {}, parallelism = 1): JobGraph {
  return jobGraphOf((graph) => {
    const source = add(graph, "source", [], { name: "numbers", uid: "n", stateful: true, parallelism });
    add(graph, "map", [{ from: source }], { parallelism, ...map });
  });
}

/** The fingerprint of a job whose map has this parameter. */
function fingerprintWith(parameter: unknown): string {
  return job({ parameters: { parameter } }).fingerprint;
}

class Window {
  readonly sizeMs: number;
  constructor(sizeMs: number) {
    this.sizeMs = sizeMs;
  }
}

describe("the fingerprint", () => {
  test("is the same for the same graph", () => {
    expect(job().fingerprint).toBe(job().fingerprint);
    expect(job().fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });

  test("differs with structure", () => {
    const variants = [
      job(),
      job({ name: "other" }),
      job({ uid: "m" }),
      job({ chaining: "never" }),
      job({}, 2),
      job({ slotSharingGroup: "g" }),
      job({ maxParallelism: 64 }),
    ];
    expect(new Set(variants.map(({ fingerprint }) => fingerprint)).size).toBe(variants.length);
  });

  test("differs with plain parameters", () => {
    const parameters = [
      1,
      "1",
      1n,
      -0,
      0,
      null,
      undefined,
      true,
      [1],
      [1, 2],
      { a: 1 },
      { a: { b: 2 } },
      new Date(5),
      (): number => 1,
      Array.from({ length: 20 }, () => 0),
    ];
    const fingerprints = parameters.map((parameter) => fingerprintWith(parameter));
    expect(new Set(fingerprints).size).toBe(parameters.length);
  });

  test("does not look into functions and objects of classes, or at the order of fields, and calls nothing", () => {
    expect(fingerprintWith(() => 1)).toBe(fingerprintWith(() => 2));
    expect(fingerprintWith(new Window(1))).toBe(fingerprintWith(new Window(2)));
    expect(fingerprintWith({ a: 1, b: 2 })).toBe(fingerprintWith({ b: 2, a: 1 }));
    const getter = {
      get trap(): number {
        throw new Error("called");
      },
    };
    expect(() => fingerprintWith(getter)).not.toThrow();
  });

  test("comes to an end on what contains itself", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(() => fingerprintWith(loop)).not.toThrow();
  });
});

describe("explainDivergence", () => {
  test("says nothing about equal graphs", () =>
    expect(explainDivergence(signatureOf(job()), signatureOf(job()))).toBeUndefined());

  test("prints both versions of what differs", () => {
    const sentence = explainDivergence(
      signatureOf(job({ parameters: { sizeMs: 1_000 } })),
      signatureOf(job({ parameters: { sizeMs: 2_000 } })),
    );
    expect(sentence?.split("\n").slice(1)).toEqual([
      expect.stringMatching(
        /^ {2}there: operator #1 "Map" map id [0-9a-f]{32} runs map functions \(\) parameters \{"sizeMs": 1000\} to \[\]$/,
      ),
      expect.stringMatching(
        /^ {2}here: {2}operator #1 "Map" map id [0-9a-f]{32} runs map functions \(\) parameters \{"sizeMs": 2000\} to \[\]$/,
      ),
    ]);
  });

  test("prints what one side lacks", () => {
    const whole = signatureOf(job());
    expect(explainDivergence(whole, whole.slice(0, -1))).toContain("here:  (nothing)");
  });
});
