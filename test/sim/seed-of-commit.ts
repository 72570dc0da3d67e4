/** Where tests begin that throw new dice with each commit: so a failure can be seen again from its hash alone. */
import { execFileSync } from "node:child_process";

/** `MILLRACE_SEED`, or seven digits of the commit; where there is none, as in an unpacked package, always the same. */
export function seedOfCommit(): number {
  const seed = process.env["MILLRACE_SEED"];
  if (seed !== undefined) return Number(seed);
  try {
    const hash = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Number.parseInt(hash.slice(0, 7), 16);
  } catch {
    return 1;
  }
}
