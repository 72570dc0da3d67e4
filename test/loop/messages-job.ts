/**
 * A job with a loop, for tests: records are messages from key to key, each of which makes others until it has no hops left.
 *
 * Per key and message it commits which message arrived and how many had arrived at that key: both are the same multiset in whatever order messages come. A sum
 * that is kept per message and in all also tells apart what only counts would not.
 */
import { OutputTag, value, WatermarkStrategy } from "../../core/index.ts";
import type { Input, Operator, OperatorServices, StreamExecutionEnvironment } from "../../core/index.ts";
import { listSource } from "../sim/pipelines/list-source.ts";

export interface Message {
  readonly to: number;
  readonly name: string;
  readonly hops: number;
  /** How many messages each one makes. */
  readonly fan: number;
}

export interface Arrival {
  readonly at: number;
  readonly what: string | number;
}

const KEYS = 13;
export const ARRIVALS: OutputTag<Arrival> = new OutputTag<Arrival>("arrivals");

function followers({ to, name, hops, fan }: Message): readonly Message[] {
  if (hops === 0) return [];
  return Array.from({ length: fan }, (_, index) => ({
    to: (to * 5 + index + 1) % KEYS,
    name: `${name}.${index}`,
    hops: hops - 1,
    fan,
  }));
}

/** All that arrives in the end. */
export function arrivalsOf(messages: readonly Message[]): readonly Arrival[] {
  const counts = new Map<number, number>();
  const arrivals: Arrival[] = [];
  const waiting = [...messages];
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    const count = (counts.get(message.to) ?? 0) + 1;
    counts.set(message.to, count);
    arrivals.push({ at: message.to, what: message.name }, { at: message.to, what: count });
    waiting.push(...followers(message));
  }
  return arrivals;
}

function arrivals(services: OperatorServices<Message>): Operator {
  const { output, keyedState } = services;
  const count = keyedState.value<number, number>("count", value({ default: 0 }));
  const input: Input<Message> = {
    processRecord(message, timestampMs) {
      keyedState.setCurrentKey(message.to);
      const seen = count.value() + 1;
      count.update(seen);
      const arrived = services.sideOutput(ARRIVALS.id);
      arrived?.processRecord({ at: message.to, what: message.name }, timestampMs);
      arrived?.processRecord({ at: message.to, what: seen }, timestampMs);
      for (const follower of followers(message)) output.processRecord(follower, timestampMs);
    },
    processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
    processIdle: (idle) => output.processIdle(idle),
  };
  return { inputs: [input, input] };
}

/** Reads `messages`, commits arrivals. */
export function messagesJob(env: StreamExecutionEnvironment, messages: readonly Message[] = []): void {
  const splits = [messages.map((message) => ({ value: message, timestampMs: undefined }))];
  env
    .fromSource(listSource<Message>("messages", splits), WatermarkStrategy.noWatermarks<Message>(), "messages")
    .keyBy(({ to }) => to)
    .transform<Message>("mailboxes", arrivals, { loopBy: ({ to }) => to })
    .uid("mailboxes")
    .getSideOutput(ARRIVALS)
    .print();
}
