/**
 * What the command writes about an error: one sentence, and below it the lines of the user's own code that were running.
 *
 * In:  whatever was thrown. Out: text that ends with a line feed.
 * Lines of millrace, of packages and of Node are left out, since they say nothing about the job; a bug in millrace keeps its whole stack.
 */
import { fileURLToPath } from "node:url";
import { asError, isMillraceError } from "../../util/errors.ts";

/** The innermost are the ones that matter. */
const FRAMES_MAX = 6;
/** A chain of causes may be a circle. */
const CAUSES_MAX = 5;

/** The directory of the package, of sources and of what is built from them alike. */
const PACKAGE_URL = import.meta.url.replace(/(?:dist\/)?core\/cluster\/cli\/[^/]*$/, "");
const OWN_CODE: readonly string[] = [PACKAGE_URL, fileURLToPath(PACKAGE_URL)].flatMap((root) =>
  ["core/", "connectors/", "statefun/", "dist/core/", "dist/connectors/", "dist/statefun/"].map(
    (folder) => root + folder,
  ),
);

/** `prefix` stands between the name of the command and the sentence. */
export function failureText(thrown: unknown, prefix = ""): string {
  const error = asError(thrown);
  if (!isMillraceError(error) || error.code === "MR3000") return `millrace: ${prefix}${error.stack ?? error.message}\n`;
  const lines = [`millrace: ${prefix}${error.message}`, ...deeperCauses(error), ...userFrames(error)];
  return lines.map((line) => `${line}\n`).join("");
}

/** Of what the user's code threw. The sentence tells what that was, and it tells all about what millrace found itself. */
function deeperCauses(error: Error): readonly string[] {
  const thrown = causesOf(error).findIndex((cause) => !isMillraceError(cause));
  if (thrown < 0 || isMillraceError(error.cause)) return [];
  return causesOf(error)
    .slice(thrown + 1)
    .map(({ message }) => `  caused by: ${message}`);
}

function causesOf(error: Error): readonly Error[] {
  const causes: Error[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < CAUSES_MAX; cause = cause.cause)
    causes.push(cause);
  return causes;
}

/** Of the innermost error that has any. */
function userFrames(error: Error): readonly string[] {
  for (const one of [...causesOf(error)].reverse()) {
    const frames = framesOf(one);
    if (frames.length > 0) return frames;
  }
  return framesOf(error);
}

function framesOf({ stack = "" }: Error): readonly string[] {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line) && !isForeign(line));
  return frames.slice(0, FRAMES_MAX);
}

function isForeign(frame: string): boolean {
  return (
    /\bnode:|\(<anonymous>\)|\(native\)|[\\/]node_modules[\\/]/.test(frame) ||
    OWN_CODE.some((root) => frame.includes(root))
  );
}
