/**
 * Jobs with a loop, by chance: records are messages from key to key, each of which makes others until it has no hops left.
 *
 * In:    a description, plain data. Out: a pipeline; what it must write. Every message is told where it arrives, every key counts what has arrived, and sender and
 *        receiver number what passes between them: so a message that is lost, doubled, misled or overtaken by the next one shows.
 *
 * What a message makes depends on nothing but itself, so that the outcome is the same in whatever order messages of different senders come.
 */
import fc from "fast-check";
import { map, OutputTag, value, WatermarkStrategy } from "../../core/index.ts";
import type { Input, Operator, OperatorServices } from "../../core/index.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import { outcomeOf } from "../sim/pipelines/outcome.ts";
import type { Outcome } from "../sim/pipelines/outcome.ts";
import type { Out, Pipeline, PipelineRun, UpTo } from "../sim/pipelines/pipeline.ts";

interface Sent {
  readonly to: number;
  readonly name: string;
  readonly hops: number;
}

interface Message extends Sent {
  /** A key, or a split of the source. */
  readonly from: string;
  /** Among those of this sender to this receiver. */
  readonly number: number;
}

export interface MessagesDescription {
  /** By split: how often each message goes on. */
  readonly splits: readonly (readonly number[])[];
  readonly keys: number;
  /** How many messages each one makes. */
  readonly fan: number;
  /** Which of the keys they go to. */
  readonly stride: number;
}

/** Few messages that make many, many that make few. */
export const messagesDescriptions: fc.Arbitrary<MessagesDescription> = fc
  .record({ keys: fc.integer({ min: 1, max: 7 }), fan: fc.integer({ min: 1, max: 3 }), stride: fc.nat(6) })
  .chain((shape) =>
    fc.record({
      keys: fc.constant(shape.keys),
      fan: fc.constant(shape.fan),
      stride: fc.constant(shape.stride),
      splits: fc.array(fc.array(fc.nat([0, 25, 5, 3][shape.fan] ?? 0), { minLength: 1, maxLength: 10 }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  );

function followers({ to, name, hops }: Sent, { keys, fan, stride }: MessagesDescription): readonly Sent[] {
  if (hops === 0) return [];
  return Array.from({ length: fan }, (_, index) => ({
    to: (to + stride + index) % keys,
    name: `${name}.${index}`,
    hops: hops - 1,
  }));
}

/** What each split holds. */
function messagesOf({ splits, keys }: MessagesDescription, upTo: UpTo): readonly (readonly Message[])[] {
  return splits.map((hops, split) => {
    const numbers = new Map<number, number>();
    return hops.slice(0, upTo?.get(`messages-${split}`)).map((left, at) => {
      const to = (at * 3 + split) % keys;
      const number = (numbers.get(to) ?? 0) + 1;
      numbers.set(to, number);
      return { from: `s${split}`, to, name: `${split}/${at}`, hops: left, number };
    });
  });
}

const ARRIVALS = new OutputTag<Out>("arrivals");

function lanes(message: Message, count: number): readonly Out[] {
  const { from, to, name, number } = message;
  return [
    { lane: `~at ${to}`, value: name },
    { lane: `count ${to}`, value: count },
    { lane: `${from} to ${to}`, value: number },
  ];
}

function mailboxes(description: MessagesDescription, services: OperatorServices<Message>): Operator {
  const { output, keyedState } = services;
  const count = keyedState.value<number, number>("count", value({ default: 0 }));
  const sent = keyedState.map<number, number>("sent", map<number, number>());
  const input: Input<Message> = {
    processRecord(message, timestampMs) {
      keyedState.setCurrentKey(message.to);
      count.update(count.value() + 1);
      const arrivals = services.sideOutput(ARRIVALS.id);
      for (const out of lanes(message, count.value())) arrivals?.processRecord(out, timestampMs);
      for (const follower of followers(message, description)) {
        const number = (sent.get(follower.to) ?? 0) + 1;
        sent.put(follower.to, number);
        output.processRecord({ from: `k${message.to}`, ...follower, number }, timestampMs);
      }
    },
    processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
    processIdle: (idle) => output.processIdle(idle),
  };
  return { inputs: [input, input] };
}

export function messagesPipeline(description: MessagesDescription): Pipeline {
  return {
    name: JSON.stringify(description),
    promise: "exact",
    build(run: PipelineRun) {
      const splits = messagesOf(description, undefined).map((messages) =>
        messages.map((message) => ({ value: message, timestampMs: 0 })),
      );
      const arrivals = run
        .read(listSource<Message>("messages", splits), WatermarkStrategy.noWatermarks<Message>(), "messages")
        .keyBy(({ to }) => to)
        .transform<Message>("mailboxes", (services) => mailboxes(description, services), { loopBy: ({ to }) => to })
        .uid("mailboxes")
        .getSideOutput(ARRIVALS);
      run.write(arrivals, "arrivals");
    },
  };
}

/** By a plain queue. */
export function expectedArrivals(description: MessagesDescription, upTo?: UpTo): Outcome {
  const counts = new Map<string, number>();
  const next = (name: string): number => {
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    return number;
  };
  const written: Out[] = [];
  const waiting: Message[] = messagesOf(description, upTo).flat();
  for (const message of waiting) {
    written.push(...lanes(message, next(`at ${message.to}`)));
    for (const follower of followers(message, description)) {
      const from = `k${message.to}`;
      waiting.push({ from, ...follower, number: next(`${from} to ${follower.to}`) });
    }
  }
  return outcomeOf(written);
}
