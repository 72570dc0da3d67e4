/**
 * The totals of a run: reads the results that `.ci/steps.sh` left in a folder, prints what failed and, as the last line, `N passed, N failed`.
 *
 * `node totals.mjs <folder>`: exit code 1 if anything failed, or nothing passed.
 * `node totals.mjs --names-a-failure <report>`: prints nothing; exit code 0 if that report of vitest says what failed.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [first = "", second = ""] = process.argv.slice(2);

if (first === "--names-a-failure") {
  process.exitCode = existsSync(second) && readReport(second).failed.length > 0 ? 0 : 1;
} else {
  const { passed, failed } = readFolder(first);
  for (const name of failed) console.log(`FAILED ${name}`);
  console.log(`${passed} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 && passed > 0 ? 0 : 1;
}

/**
 * @param {string} folder
 * @returns {{ passed: number, failed: string[] }}
 */
function readFolder(folder) {
  let passed = 0;
  /** @type {string[]} */
  const failed = [];
  for (const name of readdirSync(folder).toSorted()) {
    const path = join(folder, name);
    const result = name.endsWith(".json") ? readReport(path) : readStep(path);
    passed += result.passed;
    failed.push(...result.failed);
  }
  return { passed, failed };
}

/**
 * @param {string} path
 * @returns {{ passed: number, failed: string[] }}
 */
function readStep(path) {
  const [outcome, ...name] = readFileSync(path, "utf8").trim().split(" ");
  return outcome === "passed" ? { passed: 1, failed: [] } : { passed: 0, failed: [name.join(" ")] };
}

/**
 * A test file that could not be loaded has no tests; it counts as one that failed.
 *
 * @param {string} path
 * @returns {{ passed: number, failed: string[] }}
 */
function readReport(path) {
  /** @type {{ testResults: { name: string, status: string, assertionResults: { status: string, fullName: string }[] }[] }} */
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return { passed: 0, failed: [`${path}: a report that breaks off`] };
  }
  let passed = 0;
  /** @type {string[]} */
  const failed = [];
  for (const file of report.testResults) {
    const wrong = file.assertionResults.filter(({ status }) => status === "failed");
    passed += file.assertionResults.filter(({ status }) => status === "passed").length;
    failed.push(...wrong.map(({ fullName }) => `${file.name}: ${fullName}`));
    if (file.status === "failed" && wrong.length === 0) failed.push(`${file.name}: could not be run`);
  }
  return { passed, failed };
}
