/** A module that works in the process and not in a thread fails the job with a sentence, however often a restart would be allowed. */
// covers: core/cluster/build-in-slot.ts, core/cluster/import-job.ts, core/cluster/job-slots.ts
import { expect, test } from "vitest";
import { BUSY, jobModule, onStage, rejection } from "./stage.ts";

function brokenModule(query: string): URL {
  const module = jobModule("broken");
  module.search = query;
  return module;
}

const CASES = [
  {
    what: "throws when it is imported",
    module: brokenModule("import=throws"),
    args: [],
    says: /^MR7011: slot taskmanager-1\/[01]\.\d+ cannot build the job from \S+: no licence for threads$/,
  },
  {
    what: "throws when it builds the graph",
    module: jobModule("broken"),
    args: ["throws"],
    says: /^MR2109: the job "broken" cannot be built: cannot be built here$/,
  },
  { what: "builds another graph", module: jobModule("broken"), args: ["differs"], says: /^MR7011: [^]*map[^]*filter/ },
  {
    what: "ends its thread when it is imported",
    module: brokenModule("import=exits&code=4"),
    args: [],
    says: /^MR7012: 3 slots in a row ended before they could serve the job: MR7010: slot \S+ ended with exit code 4/,
  },
  {
    what: "ends its thread as if all was well",
    module: brokenModule("import=exits&code=0"),
    args: [],
    says: /^MR7012: 3 slots in a row ended before they could serve the job: MR7010: slot \S+ ended with exit code 0/,
  },
  {
    what: "awaits in a thread what never comes, with nothing that keeps the thread",
    module: brokenModule("import=waits"),
    args: [],
    says: /^MR7012: 3 slots in a row ended before they could serve the job: MR7010: slot \S+ ended, since the job's module awaits/,
  },
] as const;

test.each(CASES)("a module that $what", ({ module, args, says }) =>
  onStage({ slots: 2, config: BUSY }, async ({ cluster, warnings }) => {
    const job = await cluster.submit(module, { args, config: { "parallelism.default": 2 } });
    const { message } = await rejection(job.result());
    expect(message).toMatch(says);
    expect(job.status()).toBe("FAILED");
    expect(
      warnings().filter((line) => line.includes("restarting")),
      warnings().join("\n"),
    ).toEqual([]);
  }),
);

test("a module that never comes to its end in a thread fails its job in time, and no other", () =>
  onStage({ slots: 3, config: BUSY }, async ({ cluster, warnings }) => {
    const other = await cluster.submit(jobModule("broken"));
    const job = await cluster.submit(brokenModule("import=hangs"), {
      config: { "parallelism.default": 2, "slot.request.timeout": 300 },
    });
    const { message } = await rejection(job.result());
    expect(message).toMatch(
      /^MR7012: 3 slots in a row ended [^]*MR7015: slot \S+ has not imported file:\S+broken\.js\?import=hangs and built the job within 300ms/,
    );
    expect((await other.result()).restarts, warnings().join("\n")).toBe(0);
  }));

test.each([
  ["is not there", "nowhere", /^MR2104: file:\S+nowhere\.js cannot be loaded: Cannot find module/],
  ["exports something else", "../stage", /^MR2103: file:\S+stage\.js has no default export; write: export default/],
])("a module that %s is refused at once", (_what, name, says) =>
  onStage({}, async ({ cluster }) => {
    expect((await rejection(cluster.submit(jobModule(name)))).message).toMatch(says);
  }),
);
