/**
 * Watches one process that hunts, and says what became of it.
 *
 * In:    a bundle and seeds. Out: the first broken invariant and its seed, or none. A process that is silent for too long is killed, and counts as caught by
 *        "liveness" at the seed under way; so does one that ends without a word. State: the process.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Arena } from "./mutant.ts";

/** What a hunting process prints. */
export type Line =
  | { readonly kind: "run"; readonly seed: number }
  | {
      readonly kind: "caught";
      readonly seed: number;
      readonly runs: number;
      readonly checker: string;
      readonly what: string;
    }
  | { readonly kind: "clean"; readonly runs: number };

export type Seeds = { readonly from: number; readonly runs: number } | { readonly seeds: readonly number[] };

export interface Catch {
  readonly seed: number;
  /** How many runs it took, this one included. */
  readonly runs: number;
  readonly checker: string;
  readonly what: string;
  /** Real time of the run that was caught. */
  readonly tookMs: number;
}

/** Real time that one run may take; by far most take 20 ms. A busy machine must not make a clean run look hung. */
const SILENCE_MS_MAX = 30_000;
const HEAP_MB = 512;

export interface WatchOptions {
  readonly arena?: Arena | undefined;
  /** Real time that one run may take. */
  readonly silenceMsMax?: number;
}

/** Undefined: nothing was caught. */
export async function watch(
  bundle: string,
  seeds: Seeds,
  { arena = "dataflows", silenceMsMax = SILENCE_MS_MAX }: WatchOptions = {},
): Promise<Catch | undefined> {
  const which =
    "seeds" in seeds ? ["--seeds", seeds.seeds.join(",")] : ["--from", `${seeds.from}`, "--runs", `${seeds.runs}`];
  const args = [...which, "--arena", arena];
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MB}`, bundle, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  let said = "";
  child.stderr.on("data", (chunk) => (said = `${said}${chunk}`.slice(-2_000)));
  let last: Line | undefined;
  let [runs, begunMs] = [0, performance.now()];
  let bound: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(bound);
    bound = setTimeout(() => child.kill("SIGKILL"), silenceMsMax);
  };
  wait();
  for await (const text of createInterface({ input: child.stdout })) {
    wait();
    const line = JSON.parse(text) as Line; // as hunt.ts prints it
    if (line.kind === "run") [runs, begunMs] = [runs + 1, performance.now()];
    last = line;
    if (line.kind !== "run") break;
  }
  const tookMs = performance.now() - begunMs;
  const code = await closed;
  clearTimeout(bound);
  if (last?.kind === "clean") return undefined;
  if (last?.kind === "caught") return { ...last, tookMs };
  if (last === undefined) throw new Error(`${bundle} did not begin to hunt (exit code ${code})\n${said}`);
  const what = code === null ? `silent for ${silenceMsMax} ms` : `ended with code ${code} and without a word\n${said}`;
  return { seed: last.seed, runs, checker: code === null ? "liveness" : "exception", what, tookMs };
}

/** Runs `work` for all items, at most `atOnce` at a time, and returns the results in the order of the items. */
export async function inLanes<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const lane = async (): Promise<void> => {
    for (const [at, item] of waiting) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}
