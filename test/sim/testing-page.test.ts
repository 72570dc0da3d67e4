/** docs/testing.md shows code that is run: each of its blocks stands in a file of examples/testing, line by line. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("../../examples/testing/", import.meta.url);
const page = readFileSync(new URL("../../docs/testing.md", import.meta.url), "utf8");

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
}

const files = readdirSync(folder).map((name) => lines(readFileSync(new URL(name, folder), "utf8")));
const blocks = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map((match) => lines(match[1] ?? ""));

test("has blocks", () => {
  expect(blocks.length).toBeGreaterThan(5);
});

test.each(blocks.map((block) => [block]))("%s", (block) => {
  expect(files.some((file) => file.includes(block))).toBe(true);
});
