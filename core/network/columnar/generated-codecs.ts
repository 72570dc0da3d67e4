/**
 * Functions made from text, kept by their text: channels that carry records of one shape share one function, which V8 has to warm up once.
 *
 * Hand one of these to all encoders and decoders of a thread. State: at most `FUNCTIONS_MAX` functions; the oldest goes first, and whoever holds it still
 * has it. The texts come from `extractor-code.ts` and `builder-code.ts`, which put nothing of the records into them but names, as JSON.
 */
const FUNCTIONS_MAX = 512;

export class GeneratedCodecs {
  readonly #made = new Map<string, unknown>();

  /** `body` returns the function; it sees `surroundings` under their names, which are the same for the same body. */
  get(body: string, surroundings: Readonly<Record<string, unknown>>): unknown {
    const known = this.#made.get(body);
    if (known !== undefined) return known;
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the whole point; names go in as JSON only
    const make = new Function(...Object.keys(surroundings), `"use strict";\n${body}`) as (
      ...given: unknown[]
    ) => unknown; // that is what it makes
    const made = make(...Object.values(surroundings));
    for (const oldest of this.#made.keys()) {
      if (this.#made.size < FUNCTIONS_MAX) break;
      this.#made.delete(oldest);
    }
    this.#made.set(body, made);
    return made;
  }
}
