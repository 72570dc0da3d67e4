/** What a test can do wrong with a simulated Kafka. */
import { nearest } from "../../../core/util/nearest.ts";
import { MillraceError } from "../../../core/util/errors.ts";

/** A job in a simulated run calls a cluster that lives in another time, if in any. */
export function unknownToTheRun(): MillraceError {
  const sentence =
    "a simulated job uses a SimulatedKafka that the simulation does not know: name it in its options, as in `outside: [kafka]`";
  return new MillraceError("MR6470", sentence, { retryable: false });
}

export function senseless(sentence: string): MillraceError {
  return new MillraceError("MR6471", sentence);
}

/** `place`: topic and partition. */
export function asyncCodec(place: string): MillraceError {
  const sentence = `${place}: one of the \`codecs\` answers with a promise, for which \`committed\` cannot wait: give one that answers at once`;
  return new MillraceError("MR6472", sentence);
}

/** A word that nobody knows would make a test that tests nothing. `what`: of what the names are. */
export function requireNames(given: object, what: string, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const close = nearest(unknown, known);
  const hint = close === undefined ? `there are ${known.join(", ")}` : `did you mean "${close}"?`;
  throw senseless(`${what} of a simulated Kafka have no "${unknown}": ${hint}`);
}
