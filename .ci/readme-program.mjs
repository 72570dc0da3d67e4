/**
 * Runs the program of README.md and compares what it prints with the output that stands below it.
 *
 * In:  the first block of ```ts and the first block of ```text. Out: exit code 1, with both outputs, if they differ.
 * Lines that the command line adds of its own are allowed; the lines of the README must come in their order.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");

/** @param {string} language */
function block(language) {
  const text = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(readme)?.[1];
  if (text === undefined) throw new Error(`README.md has no block of \`\`\`${language}`);
  return text;
}

// Inside the project, so that `import "millrace"` means this project.
mkdirSync(`${root}dist/.readme`, { recursive: true });
writeFileSync(`${root}dist/.readme/program.ts`, block("ts"));
const run = spawnSync(process.execPath, [`${root}dist/core/cluster/cli/main.js`, "run", "dist/.readme/program.ts"], {
  cwd: root,
  encoding: "utf8",
  timeout: 60_000,
});

const expected = block("text").trim().split("\n");
const printed = run.stdout.split("\n").filter((line) => expected.includes(line));
if (run.status === 0 && printed.join("\n") === expected.join("\n")) {
  console.log("README.md: its program prints what stands there");
} else {
  console.error(
    `exit code ${run.status}; printed:\n${run.stdout}${run.stderr}\nREADME.md says:\n${expected.join("\n")}`,
  );
  process.exitCode = 1;
}
