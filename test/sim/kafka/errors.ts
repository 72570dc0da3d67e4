/** What a test can do wrong with a simulated Kafka. */
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
