/** What `millrace quarantined` prints: a table for people, JSON for programs. */
import { onOneLine, printable, shownAddress } from "../group/quarantined.ts";
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
  return format === "json" ? `${JSON.stringify(addresses, asJson, 2)}\n` : tableOf(addresses);
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

/** What a message may hold, and JSON has no word for. `this` is what holds it, since a Buffer turns itself into a list of numbers before it comes here. */
function asJson(this: unknown, name: string, shown: unknown): unknown {
  const held: unknown = (this as Readonly<Record<string, unknown>>)[name]; // as JSON.stringify calls it
  const value = Buffer.isBuffer(held) ? held : shown;
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  return value;
}
