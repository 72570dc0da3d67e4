/**
 * Checks the output of the main job against a naive computation over the whole input, row by row.
 *
 * In:  flights-20k.json of vega-datasets, and the files in out/flight-delays (or the folder given as argument).
 * Out: one line if all is right; else the first differences, and exit code 1.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {{ date: string, delay: number, distance: number, origin: string, destination: string }} Flight */
/** @typedef {{ origin: string, day: string, flights: number, meanDelay: number, maxDelay: number, newRecord: boolean }} Row */

const ROWS = 6_901;
const FIELDS = "origin,day,flights,meanDelay,maxDelay,newRecord";
const DIFFERENCES_SHOWN = 10;

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.argv[2] ?? join(root, "out/flight-delays");
const input = join(root, "node_modules/vega-datasets/data/flights-20k.json");

const problems = compare(expectedRows(JSON.parse(readFileSync(input, "utf8"))), writtenRows(folder));
if (problems.length === 0) {
  console.log(`${relative(root, folder)}: ${ROWS} rows, each as computed from the whole input`);
} else {
  for (const problem of problems.slice(0, DIFFERENCES_SHOWN)) console.error(problem);
  console.error(`${problems.length} problems in ${folder}`);
  process.exitCode = 1;
}

/**
 * Per origin and UTC day of the actual departure. `mean` is exact; the job rounds it.
 *
 * @param {readonly Flight[]} flights
 * @returns {Map<string, Row>}
 */
function expectedRows(flights) {
  /** @type {Map<string, number[]>} */
  const delays = new Map();
  for (const { date, delay, origin } of flights) {
    const [, year = "", month = "", day = "", hour = "", minute = ""] =
      /^(\d+)\/(\d+)\/(\d+) (\d+):(\d+)$/.exec(date) ?? [];
    const departureMs =
      Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)) + delay * 60_000;
    const key = `${origin} ${new Date(departureMs).toISOString().slice(0, 10)}`;
    delays.set(key, [...(delays.get(key) ?? []), delay]);
  }
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** @type {Map<string, number>} */
  const highest = new Map();
  for (const key of [...delays.keys()].toSorted()) {
    const [origin = "", day = ""] = key.split(" ");
    const list = delays.get(key) ?? [];
    const maxDelay = Math.max(...list);
    const newRecord = maxDelay > (highest.get(origin) ?? -Infinity);
    if (newRecord) highest.set(origin, maxDelay);
    const meanDelay = list.reduce((sum, delay) => sum + delay, 0) / list.length;
    rows.set(key, { origin, day, flights: list.length, meanDelay, maxDelay, newRecord });
  }
  return rows;
}

/**
 * @param {string} from
 * @returns {string[]}
 */
function writtenRows(from) {
  const names = readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  return names.flatMap((name) => {
    if (/in-?progress|pending|\.tmp/i.test(name)) return [`unfinished file: ${name}`];
    const text = readFileSync(name, "utf8");
    if (text !== "" && !text.endsWith("\n")) return [`torn file: ${name}`];
    return text.split("\n").filter((line) => line !== "");
  });
}

/**
 * @param {Map<string, Row>} expected
 * @param {readonly string[]} lines
 * @returns {string[]}
 */
function compare(expected, lines) {
  const problems =
    expected.size === ROWS
      ? []
      : [`the input gives ${expected.size} rows, not ${ROWS}: is it another version of vega-datasets?`];
  const seen = new Set();
  for (const line of lines) {
    const row = parse(line);
    const key = `${row?.origin} ${row?.day}`;
    const wanted = expected.get(key);
    if (row === undefined) problems.push(`no row of JSON: ${line.slice(0, 200)}`);
    else if (wanted === undefined) problems.push(`a row that should not be: ${line}`);
    else if (seen.has(key)) problems.push(`written twice: ${line}`);
    else if (!isSame(row, wanted))
      problems.push(`${line}\n  should be ${JSON.stringify(wanted)}, the mean rounded to two decimals`);
    seen.add(key);
  }
  return [...problems, ...[...expected.keys()].filter((key) => !seen.has(key)).map((key) => `missing: ${key}`)];
}

/**
 * @param {string} line
 * @returns {Row | undefined}
 */
function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * Whether halves round up or away from zero is left open.
 *
 * @param {Row} row
 * @param {Row} wanted
 */
function isSame(row, wanted) {
  return (
    Object.keys(row).join(",") === FIELDS &&
    row.flights === wanted.flights &&
    row.maxDelay === wanted.maxDelay &&
    row.newRecord === wanted.newRecord &&
    /^-?\d+(?:\.\d{1,2})?$/.test(String(row.meanDelay)) &&
    Math.abs(row.meanDelay - wanted.meanDelay) <= 0.005 + 1e-9
  );
}
