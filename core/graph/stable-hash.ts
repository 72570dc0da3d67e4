/**
 * The frozen hash behind operator ids and fingerprints: the first 128 bits of SHA-256, as 32 hexadecimal digits.
 *
 * Operator ids lie in savepoints, so this may never change. A standard hash was chosen over a small one of our own, since any tool can
 * recompute it and chance collisions are out of the question; it runs a few times per operator, never per record.
 */
import { createHash } from "node:crypto";

export function stableHash(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 32);
}
