/** Quarantined addresses: listed from a checkpoint with message, error and what waits, as text too; and let go again by messages from outside. */
// covers: statefun/read/quarantined-in.ts, statefun/group/quarantined.ts, statefun/read/quarantined-text.ts, statefun/app/repairs.ts
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { addressOf, fn, readQuarantined, retryAddress, skipAddress, type, value } from "../../../statefun/index.ts";
import { onOneLine } from "../../../statefun/group/quarantined.ts";
import { jsonText } from "../../../statefun/json-text.ts";
import { quarantinedText } from "../../../statefun/read/quarantined-text.ts";
import { Arrivals, inDirectory, savedAfter } from "./held-job.ts";
import type { Message } from "./held-job.ts";

// Each quarantine is a warning.
beforeEach(() => void vi.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => void vi.restoreAllMocks());

const arrivals = { current: new Arrivals() };

const strict = fn("docs/strict", {
  accepts: { add: type<number>() },
  state: { sum: value({ default: 0 }) },
  handle: {
    add(ctx, amount) {
      arrivals.current.tick();
      if (amount < 0) throw new RangeError(`less than nothing:\u001b[31m\n${amount}`);
      ctx.state.sum += amount;
    },
  },
});

const taker = fn("docs/taker", {
  otherwise() {
    arrivals.current.tick();
    throw new Error("takes nothing after all");
  },
});

function add(id: string, amount: number): Message {
  return { to: strict.type, id, kind: "add", value: amount };
}

/** `count`: how many are handled; the rest waits behind a message that failed. */
function withSavepoint<T>(
  {
    messages,
    count,
    parallelism = 1,
  }: { readonly messages: readonly Message[]; readonly count: number; readonly parallelism?: number },
  story: (path: string) => Promise<T>,
): Promise<T> {
  return inDirectory(async (directory) => {
    arrivals.current = new Arrivals();
    const config = { "parallelism.default": parallelism };
    const functions = [strict, taker];
    return story(await savedAfter({ functions, messages, arrivals: arrivals.current, count, directory, config }));
  });
}

describe("a list of those in a savepoint", () => {
  test("has address, error, message and how many wait behind it", () => {
    const beganMs = Date.now();
    const messages = [add("ann", 1), add("ann", -5), add("ann", 2), add("ann", -6), add("ben", 3)];
    return withSavepoint({ messages, count: 3 }, async (path) => {
      const [one, ...others] = await readQuarantined(path);
      expect(others).toEqual([]);
      expect(one).toEqual({
        type: "docs/strict",
        id: "ann",
        error: {
          name: "RangeError",
          message: "less than nothing:\u001b[31m\n-5",
          stack: expect.stringContaining("read-quarantined.test.ts"),
        },
        sinceMs: expect.any(Number),
        message: { kind: "add", value: -5, caller: undefined },
        waiting: 2,
      });
      expect(one?.sinceMs).toBeGreaterThanOrEqual(beganMs);
    });
  });

  test.each([1, 3])("has those of all subtasks, the oldest first, at parallelism %i", (parallelism) => {
    const ids = Array.from({ length: 20 }, (_, at) => `id ${at}`);
    const messages = ids.flatMap((id) => [
      add(id, -1),
      { to: taker.type, id, kind: "any", value: { of: id } } as const,
    ]);
    return withSavepoint({ messages, count: 40, parallelism }, async (path) => {
      const found = await readQuarantined(path);
      expect(new Set(found.map(({ type: of, id }) => `${of} ${id}`)).size).toBe(40);
      expect(found.map(({ sinceMs }) => sinceMs)).toEqual(
        found.map(({ sinceMs }) => sinceMs).toSorted((a, b) => a - b),
      );
      const some = await readQuarantined(path, { functions: [taker] });
      expect(some.map(({ message }) => message.value)).toHaveLength(20);
      expect(await readQuarantined(path, { functions: ["docs/strict"] })).toHaveLength(20);
      expect(await readQuarantined(path, { functions: ["docs/other"], name: "statefun" })).toEqual([]);
    });
  });

  test("is empty where nothing failed", () =>
    withSavepoint({ messages: [add("ann", 1)], count: 1 }, async (path) => {
      expect(await readQuarantined(path)).toEqual([]);
      expect(await quarantinedText(path, { format: "table" })).toBe("no address is quarantined\n");
      expect(await quarantinedText(path, { format: "json" })).toBe("[]\n");
    }));
});

describe("as text", () => {
  test("is a table, in which nothing of an error reaches the terminal as a command", () => {
    const messages = [add("ann", -5), add("ann", 2), { to: taker.type, id: "x", kind: "", value: null } as const];
    return withSavepoint({ messages, count: 2 }, async (path) => {
      const text = await quarantinedText(path, { format: "table" });
      const [title = "", ...rows] = text.split("\n");
      expect(title).toMatch(/^ADDRESS +SINCE +WAITING {2}MESSAGE {2}ERROR$/);
      expect(rows.slice(0, -1).map((row) => row.replace(/ {2,}\S+Z {2}/, "  TIME  "))).toEqual([
        'docs/strict "ann"  TIME  1        add      RangeError: less than nothing: [31m -5',
        'docs/taker "x"  TIME  0        (any)    Error: takes nothing after all',
      ]);
    });
  });

  test("shows ids and kinds that strangers may have chosen on one line, and obeys nothing in them", () => {
    const messages = [{ to: taker.type, id: "x\u009b1m\n", kind: "\u001b[2J\n", value: null } as const];
    return withSavepoint({ messages, count: 1 }, async (path) => {
      const [, row = "", ...rest] = (await quarantinedText(path, { format: "table" })).split("\n");
      expect(rest).toEqual([""]);
      expect(row).toContain('docs/taker "x 1m\\n"');
      expect(row).toContain("   [2J  ");
      const warnings = vi.mocked(process.stderr.write).mock.calls.map(([text]) => String(text));
      expect(warnings.join("")).toContain('docs/taker "x 1m\\n" is quarantined');
    });
  });

  test("is JSON, also of what JSON has no word for, with the words that HTTP has for it", () => {
    const odd = {
      big: 3n,
      map: new Map([["a", 1]]),
      pairs: new Map([[1, "a"]]),
      set: new Set([1]),
      bytes: new Uint8Array([1, 2]),
      buffer: Buffer.from([1, 2]),
      numbers: new Float64Array([1.5, -2]),
      at: new Date(0),
    };
    const messages = [{ to: taker.type, id: "x", kind: "odd", value: odd } as const];
    return withSavepoint({ messages, count: 1 }, async (path) => {
      const [one] = JSON.parse(await quarantinedText(path, { format: "json", name: "statefun" })) as {
        message: unknown;
      }[];
      expect(one?.message).toEqual(JSON.parse(jsonText({ kind: "odd", value: odd })));
      expect(one).toMatchObject({
        type: "docs/taker",
        id: "x",
        waiting: 0,
        message: {
          kind: "odd",
          value: {
            big: "3",
            map: { a: 1 },
            pairs: [[1, "a"]],
            set: [1],
            bytes: "AQI=",
            buffer: "AQI=",
            numbers: [1.5, -2],
            at: "1970-01-01T00:00:00.000Z",
          },
        },
      });
    });
  });

  test("an error is one line, said once", () => {
    expect(onOneLine({ name: "MillraceError", code: "MR9010", message: "MR9010: no fit" })).toBe("MR9010: no fit");
    expect(onOneLine({ name: "TypeError", message: "a\r\n\tb" })).toBe("TypeError: a b");
    expect(onOneLine({ name: "Error", message: "x".repeat(1_000) })).toHaveLength(200);
  });
});

describe("what is done about one", () => {
  test("is a message with its address", () => {
    const outside = { from: "", fromId: "" };
    const to = { to: "docs/strict", id: "ann" };
    expect(retryAddress(strict.at("ann"))).toEqual({ ...to, ...outside, kind: "$retry", value: null });
    expect(skipAddress(addressOf("docs/strict", "ann"))).toEqual({ ...to, ...outside, kind: "$skip", value: null });
  });

  test("is refused without an address", () => {
    expect(() => retryAddress({ type: "strict" as "a/b", id: "ann" })).toThrow(/^MR9001: "strict" is no name/);
    expect(() => skipAddress({ type: "docs/strict", id: 7 as unknown as string })).toThrow(/^MR9002: /);
  });
});
