/** Messages as a source has them: whatever functions do to theirs, these stay as they are. */
import type { LiveChecker } from "../sim/checkers/checker.ts";
import { isSound } from "./cargo.ts";
import type { Payload } from "./cargo.ts";

export class Originals implements LiveChecker {
  readonly name = "records of the source";
  readonly #kept: (readonly [name: string, payload: Payload])[] = [];

  keep(payload: Payload): Payload {
    this.#kept.push([payload.name, payload]);
    return payload;
  }

  check(): string | undefined {
    const spoilt = this.#kept.find(([name, payload]) => payload.name !== name || !isSound(payload));
    return spoilt && `somebody has changed the record of ${spoilt[0]}`;
  }
}
