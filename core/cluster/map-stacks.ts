/**
 * Makes stacks name the lines of a bundle's sources.
 *
 * In:  the bundle, with its source map inside. Out: `Error.prepareStackTrace` of this process.
 * Node's own `setSourceMapsEnabled` maps millrace's files too, and then an error no longer tells in which copy of an operator it happened, which is how
 * a failure finds the name of its operator (`core/runtime/failure-site.ts`).
 */
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

const INLINE = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/;

export function mapStacks(bundleUrl: string, bundle: string): void {
  const encoded = INLINE.exec(bundle)?.[1];
  if (encoded === undefined) return;
  const payload = JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as SourceMap["payload"]; // esbuild wrote it
  const map = new SourceMap(payload);
  Error.prepareStackTrace = (error, frames) => {
    // oxlint-disable-next-line typescript/no-base-to-string -- V8's call sites print themselves as lines of a stack
    const lines = frames.map((frame) => `    at ${mapped(String(frame), { bundleUrl, map })}`);
    return [headOf(error), ...lines].join("\n");
  };
}

function headOf(error: Error): string {
  try {
    return String(error);
  } catch {
    return "Error";
  }
}

function mapped(frame: string, { bundleUrl, map }: { readonly bundleUrl: string; readonly map: SourceMap }): string {
  const start = frame.indexOf(bundleUrl);
  if (start < 0) return frame;
  const [place = "", line = "", column = ""] = /^:(\d+):(\d+)/.exec(frame.slice(start + bundleUrl.length)) ?? [];
  const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
  if (!("originalSource" in entry)) return frame;
  const source = `${fileURLToPath(new URL(entry.originalSource, map.payload.sourceRoot))}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  return frame.slice(0, start) + source + frame.slice(start + bundleUrl.length + place.length);
}
