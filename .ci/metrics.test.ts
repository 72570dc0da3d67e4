/** The rule that compares docs/metrics.md with the sources is seen to catch: planted pages and registrations that differ, beside some that do not. */
import { describe, expect, test } from "vitest";
import { metrics } from "./tidy/metrics.ts";
import { projectOf, violationsOf } from "./tidy/project.ts";

/** `path:line`, in order. */
function caught(files: Readonly<Record<string, string>>): string[] {
  return violationsOf(metrics, projectOf(files)).map(({ path, line }) => `${path}:${line}`);
}

describe("metrics", () => {
  const row = (name: string, kind: string): string => `| \`${name}\` | task | ${kind} | unit | Says what it is. |\n`;
  const page = "docs/metrics.md";
  const file = "core/a/a.ts";

  test.each([
    [row("seen", "counter"), 'group.counter("seen");'],
    [row("depth", "gauge"), 'group.gauge("depth", () => 1);'],
    [row("bytesSoFar", "counter"), 'group.gauge("bytesSoFar", () => 1);'],
    [row("input<N>", "gauge"), "group.gauge(`input${n + 1}`, () => 1);"],
    [row("numRecordsIn", "counter") + row("numRecordsInPerSecond", "meter"), 'group.counter("numRecordsIn");'],
    ["", '// group.counter("seen");'],
    ["", "group.counter(name); // tidy: metrics, the caller names it"],
  ])("leave a page alone that tells what there is: %j", (text, code) => {
    expect(caught({ [page]: text, [file]: code })).toEqual([]);
  });

  test.each([
    ["is not on the page", "", 'group.counter("seen");', `${file}:1`],
    ["is nowhere registered", row("seen", "counter"), "", `${page}:1`],
    ["is of another kind", row("seen", "gauge"), 'group.counter("seen");', `${file}:1`],
    ["is on the page without its rate", row("numBytesOut", "counter"), 'group.counter("numBytesOut");', `${file}:1`],
    ["has two rows", row("seen", "counter").repeat(2), 'group.counter("seen");', `${page}:2`],
    ["has a name that cannot be read", "", "group.gauge(name, () => 1);", `${file}:1`],
  ])("catch one that %s", (_, text, code, where) => {
    expect(caught({ [page]: text, [file]: code })).toEqual([where]);
  });
});
