/**
 * `millrace quarantined <checkpoint>`: which addresses of stateful functions are in quarantine, as a table or as JSON.
 *
 * The one place where core knows what is shipped beside it: the command is the front door of the whole package, and loads what it shows only then.
 */

export interface QuarantinedFlags {
  readonly json?: boolean;
  readonly name?: string;
}

/** Resolves with text that ends with a line feed. */
export async function showQuarantined(checkpoint: string, { json = false, name }: QuarantinedFlags): Promise<string> {
  // oxlint-disable-next-line no-restricted-imports -- see above
  const { quarantinedText } = await import("../../../statefun/read/quarantined-text.ts");
  return quarantinedText(checkpoint, { format: json ? "json" : "table", ...(name !== undefined && { name }) });
}
