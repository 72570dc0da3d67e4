/** What a simulated Kafka cluster is like: what its options are, and what they are when nobody says. */
import type { Codecs } from "../../../connectors/kafka/records/batch-format.ts";
import type { Clock } from "../../../core/time/clock.ts";
import { requireNames, senseless } from "./errors.ts";
import { checkRates } from "./kafka-faults.ts";
import type { KafkaFaultRates } from "./kafka-faults.ts";

export interface SimulatedKafkaOptions {
  /** By which it lives outside of simulated runs: a `ManualClock`, which a test moves. Default: real time. */
  readonly clock?: Clock;
  /** Of what is left to chance outside of simulated runs. Default: 1. */
  readonly seed?: number;
  /** What goes wrong, in times per thousand. Default: nothing. */
  readonly faults?: KafkaFaultRates;
  /** After so many faults nothing goes wrong any more. Default: 40. */
  readonly strikesMax?: number;
  /** Brokers. Default: 3. */
  readonly nodes?: number;
  /** A request, and its answer, take so long at most, in ms. Default: 2. */
  readonly latencyMs?: number;
  /** The end of a transaction is visible after so long at most, in ms. Default: 20. */
  readonly markerMs?: number;
  /** A transaction beyond its timeout is aborted after so long at most, in ms. Default: 500. */
  readonly expiryCheckMs?: number;
  /** `transaction.max.timeout.ms` of the brokers. Default: 900,000. */
  readonly timeoutMaxMs?: number;
  /** `max.message.bytes` of the topics. Default: 1,048,588. */
  readonly batchBytesMax?: number;
  /** Producer epochs end there, and the next producer gets another id. Default: 32,767. */
  readonly epochMax?: number;
  /** For `committed`. Gzip is always there. */
  readonly codecs?: Codecs;
}

export type BrokerOptions = Required<Omit<SimulatedKafkaOptions, "clock" | "seed" | "codecs">>;

const DEFAULTS: BrokerOptions = {
  faults: {},
  strikesMax: 40,
  nodes: 3,
  latencyMs: 2,
  markerMs: 20,
  expiryCheckMs: 500,
  timeoutMaxMs: 900_000,
  batchBytesMax: 1_048_588,
  epochMax: 32_767,
};

/** Throws `MR6471`. */
export function brokerOptions(given: SimulatedKafkaOptions): BrokerOptions {
  requireNames(given, "the options", [...Object.keys(DEFAULTS), "clock", "seed", "codecs"]);
  const options = { ...DEFAULTS, ...given };
  checkRates(options.faults);
  const { nodes, strikesMax, latencyMs, markerMs, expiryCheckMs, timeoutMaxMs, batchBytesMax, epochMax } = options;
  const numbers = { strikesMax, latencyMs, markerMs, expiryCheckMs, timeoutMaxMs, batchBytesMax, epochMax };
  for (const [name, value] of Object.entries(numbers))
    if (!(value >= 0)) throw senseless(`\`${name}\` of a simulated Kafka is a number of 0 or more, not ${value}`);
  if (!(Number.isSafeInteger(nodes) && nodes >= 1))
    throw senseless(`\`nodes\` of a simulated Kafka are 1 or more, not ${nodes}`);
  return options;
}
