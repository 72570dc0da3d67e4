/** Runs the built command in a process of its own, as users do. `npm test` builds it first. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../../../", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  /** What it has written until now. */
  output(): { readonly stdout: string; readonly stderr: string };
  signal(signal: NodeJS.Signals): void;
  /** Nobody reads its output any more. */
  closeOutput(): void;
  readonly ended: Promise<Ended>;
}

export function start(args: readonly string[], options: { readonly cwd?: string } = {}): Started {
  const command = join(ROOT, "dist/core/cluster/cli/main.js");
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd ?? ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return {
    output: () => ({ stdout, stderr }),
    signal: (signal) => void child.kill(signal),
    closeOutput: () => void child.stdout.destroy(),
    ended: new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    }),
  };
}

export function millrace(args: readonly string[], options: { readonly cwd?: string } = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** A directory with these files, which goes with `remove`. */
export function workshop(files: Readonly<Record<string, string>> = {}): { readonly path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "millrace-cli-")));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Looks again and again, since what is awaited happens in another process. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(20);
}

/** The lines of all visible files, sorted: the order of files is not part of what a job promises. */
export function rowsIn(directory: string): readonly string[] {
  return visibleFiles(directory)
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1))
    .toSorted();
}

export function visibleFiles(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => !name.startsWith("."));
}
