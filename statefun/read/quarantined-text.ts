/** What `millrace quarantined` prints: a table for people, JSON for programs. */
import { onOneLine, printable, shownAddress } from "../group/quarantined.ts";
import { inJson } from "../json-text.ts";
import type { QuarantinedAddress } from "./quarantined-in.ts";
import { readQuarantined } from "./read-quarantined.ts";

export interface QuarantinedTextOptions {
  readonly format: "table" | "json";
  readonly name?: string;
}

/** Ends with a line feed. Errors: those of `readQuarantined`. */
export async function quarantinedText(
  checkpointPath: string,
  { format, ...options }: QuarantinedTextOptions,
): Promise<string> {
  const addresses = await readQuarantined(checkpointPath, options);
  return format === "json" ? `${JSON.stringify(addresses, inJson, 2)}\n` : tableOf(addresses);
}

const TITLES = ["ADDRESS", "SINCE", "WAITING", "MESSAGE", "ERROR"] as const;

function tableOf(addresses: readonly QuarantinedAddress[]): string {
  if (addresses.length === 0) return "no address is quarantined\n";
  const rows = [TITLES, ...addresses.map(rowOf)];
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function rowOf(address: QuarantinedAddress): readonly string[] {
  const { sinceMs, waiting, message, error } = address;
  const since = new Date(sinceMs).toISOString();
  return [shownAddress(address), since, String(waiting), kindOf(message), onOneLine(error)];
}

/** Whoever takes whatever comes gets messages without a kind. */
function kindOf({ kind }: QuarantinedAddress["message"]): string {
  return kind === "" ? "(any)" : printable(kind);
}
