/** The result of a job says what it leaves in quarantine, whatever has happened on the way: as many as there are, the oldest by name. */
// covers: statefun/group/quarantined.ts
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { JobResult, Sink } from "../../../core/index.ts";
import { egress, fn, module, type, value } from "../../../statefun/index.ts";
import type { StatefulFn } from "../../../statefun/index.ts";
import { Arrivals, inDirectory, savedAfter, startHeld } from "../read/held-job.ts";
import type { HeldOptions, Message } from "../read/held-job.ts";

// Each quarantine is a warning.
beforeEach(() => void vi.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => void vi.restoreAllMocks());

const AT_ONCE = { "restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.delay": 0 };

/** Fails on negative amounts; `onEach` sees each message first. */
function strict(onEach: (amount: number) => void = () => undefined): StatefulFn<{ add: number }> {
  return fn("docs/strict", {
    accepts: { add: type<number>() },
    state: { sum: value({ default: 0 }) },
    handle: {
      add(ctx, amount) {
        onEach(amount);
        if (amount < 0) throw new RangeError("less than nothing");
        ctx.state.sum += amount;
      },
    },
  });
}

function failing(count: number): readonly Message[] {
  return Array.from(
    { length: count },
    (_, at) => ({ to: "docs/strict", id: `id ${at}`, kind: "add", value: -1 }) as const,
  );
}

async function run(options: Omit<HeldOptions, "onEndOfInput">): Promise<JobResult> {
  const client = await startHeld({ ...options, onEndOfInput: "fire" });
  return client.result();
}

function addressesOf({ quarantined }: JobResult): readonly string[] {
  return quarantined.first.map(({ what }) => what);
}

describe("the result of a job", () => {
  test("says nothing where nothing is quarantined", async () => {
    const messages = [{ to: "docs/strict", id: "a", kind: "add", value: 1 }] as const;
    expect((await run({ functions: [strict()], messages })).quarantined).toEqual({ count: 0, first: [] });
  });

  test.each([1, 3])("counts all and names ten, at parallelism %i", async (parallelism) => {
    const config = { "parallelism.default": parallelism };
    const result = await run({ functions: [strict()], messages: failing(12), config });
    expect(result.quarantined.count).toBe(12);
    expect(new Set(addressesOf(result)).size).toBe(10);
    const [first] = result.quarantined.first;
    expect(first?.what).toMatch(/^docs\/strict "id \d+"$/);
    expect(first).toMatchObject({ why: "RangeError: less than nothing", sinceMs: expect.any(Number) });
  });

  test("counts each once, although the job failed in between", async () => {
    let failures = 1;
    const fatal = fn("docs/fatal", {
      accepts: { go: type<null>() },
      onError: "fail-job",
      handle: {
        go() {
          if (failures === 0) return;
          failures -= 1;
          throw new Error("once");
        },
      },
    });
    const messages = [...failing(3), { to: fatal.type, id: "f", kind: "go", value: null } as const];
    const result = await run({ functions: [strict(), fatal], messages, config: AT_ONCE });
    expect(result.restarts).toBe(1);
    expect(result.quarantined.count).toBe(3);
    expect(addressesOf(result)).toEqual(['docs/strict "id 0"', 'docs/strict "id 1"', 'docs/strict "id 2"']);
  });

  test.each([1, 2])("counts those that it has started with, at parallelism %i", (parallelism) =>
    inDirectory(async (directory) => {
      const arrivals = new Arrivals();
      const messages = failing(3);
      const options = { functions: [strict(arrivals.tick)], messages };
      const path = await savedAfter({ ...options, arrivals, count: 3, directory });
      const config = { "parallelism.default": parallelism, "execution.state-recovery.path": path };
      const result = await run({ ...options, config });
      expect(result.quarantined.count).toBe(3);
    }),
  );

  test("counts those of tasks that had ended when the job started again, only to commit", async () => {
    const done = egress("docs/done", type<number>());
    const reporting = fn("docs/reporting", {
      accepts: { go: type<number>() },
      handle: { go: (ctx, n) => ctx.send(done, n) },
    });
    const committed: number[] = [];
    let failures = 1;
    const sink: Sink<number, never, number> = {
      createWriter() {
        const written: number[] = [];
        return { write: (n) => void written.push(n), prepareCommit: () => written.splice(0) };
      },
      createCommitter: () => ({
        commit(requests) {
          failures -= 1;
          if (failures >= 0) throw new Error("not yet");
          committed.push(...requests.map(({ committable }) => committable));
        },
      }),
    };
    const messages = [...failing(3), { to: reporting.type, id: "r", kind: "go", value: 7 } as const];
    const modules = [module(() => [done.to(sink)])];
    const result = await run({ functions: [strict(), reporting], messages, modules, config: AT_ONCE });
    expect(result.restarts).toBe(1);
    expect(committed).toEqual([7]);
    expect(result.quarantined.count).toBe(3);
  });
});
