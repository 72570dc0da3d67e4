/**
 * Which transactions of one transactional id were committed, as the transactions themselves say.
 *
 * A broker that refuses to commit does not say whether it committed before, or has aborted. So each transaction also commits, within itself, an offset whose
 * metadata is this history, itself included: whoever can read that, knows that it was committed; and who reads a later one, which of the earlier were.
 *
 * In:    offsets of the group that is called as the id; the producer of each transaction. Out: the same with one more. Text such as `millrace 1 4711:0-57;4711:59;4800:0`.
 * State: ranges of epochs per producer id, newest last. They are few: each transaction has the epoch behind the one before, and gaps come from restarts only. What no longer fits into
 *        4 KB is forgotten, the oldest first; `committed` says "unknown" there.
 */
import type { OffsetWithMetadata, ProducerIdentity } from "../client/kafka-client.ts";

interface EpochRange {
  readonly producerId: number;
  readonly first: number;
  readonly last: number;
}

interface History {
  /** In the order in which they were committed. */
  readonly ranges: readonly EpochRange[];
  /** Some were forgotten. */
  readonly isCut: boolean;
}

const HEADING = "millrace 1 ";
const CUT = "..";
/** The rest of the 4,096 bytes that brokers allow is for nobody. */
const TEXT_MAX = 3_800;

export class Witness {
  /** The offset that goes with the metadata: how many transactions of the id were committed. */
  readonly sequence: number;
  readonly #history: History;

  private constructor(sequence: number, history: History) {
    this.sequence = sequence;
    this.#history = history;
  }

  /** What the group has, under whichever partitions: all of it is true, and the latest knows most. */
  static of(offsets: readonly OffsetWithMetadata[]): Witness {
    const histories = offsets
      .toSorted((left, right) => left.offset - right.offset)
      .map(({ metadata }) => parsed(metadata));
    const sequence = Math.max(0, ...offsets.map(({ offset }) => offset));
    return new Witness(sequence, histories.reduce(merged, { ranges: [], isCut: false }));
  }

  with({ producerId, epoch }: ProducerIdentity): Witness {
    const { ranges, isCut } = this.#history;
    const newest = ranges.at(-1);
    const goesOn = newest !== undefined && newest.producerId === producerId && newest.last === epoch - 1;
    const next = goesOn
      ? [...ranges.slice(0, -1), { ...newest, last: epoch }]
      : [...ranges, { producerId, first: epoch, last: epoch }];
    return new Witness(this.sequence + 1, { ranges: next, isCut });
  }

  /** `unknown`: it may be one of those that were forgotten. */
  committed({ producerId, epoch }: ProducerIdentity): "yes" | "no" | "unknown" {
    const { ranges, isCut } = this.#history;
    const own = ranges.filter((range) => range.producerId === producerId);
    if (own.some(({ first, last }) => first <= epoch && epoch <= last)) return "yes";
    const isBehindTheCut = isCut && !own.some(({ first }) => first < epoch);
    return isBehindTheCut ? "unknown" : "no";
  }

  get metadata(): string {
    const { ranges } = this.#history;
    const texts: string[] = [];
    let length = HEADING.length + CUT.length + 1;
    let { isCut } = this.#history;
    for (const range of ranges.toReversed()) {
      const text = textOf(range);
      length += text.length + 1;
      isCut ||= length > TEXT_MAX;
      if (length > TEXT_MAX) break;
      texts.unshift(text);
    }
    return HEADING + [...(isCut ? [CUT] : []), ...texts].join(";");
  }
}

function textOf({ producerId, first, last }: EpochRange): string {
  return first === last ? `${producerId}:${first}` : `${producerId}:${first}-${last}`;
}

/** Of somebody else's metadata nothing is known. */
function parsed(metadata: string): History {
  if (!metadata.startsWith(HEADING)) return { ranges: [], isCut: false };
  const texts = metadata.slice(HEADING.length).split(";");
  const ranges = texts.flatMap((text) => {
    const numbers = /^(\d+):(\d+)(?:-(\d+))?$/.exec(text);
    if (numbers === null) return [];
    return [{ producerId: Number(numbers[1]), first: Number(numbers[2]), last: Number(numbers[3] ?? numbers[2]) }];
  });
  return { ranges, isCut: texts[0] === CUT };
}

/** What the later one lacks goes in front: it was of a transaction whose trace stands at another partition. */
function merged(earlier: History, later: History): History {
  const contains = ({ producerId, first, last }: EpochRange): boolean =>
    later.ranges.some((range) => range.producerId === producerId && range.first <= first && last <= range.last);
  return {
    ranges: [...earlier.ranges.filter((range) => !contains(range)), ...later.ranges],
    isCut: earlier.isCut || later.isCut,
  };
}
