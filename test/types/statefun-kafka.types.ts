/** What the compiler infers of Kafka ingresses and egresses, and which wrong ones it refuses. Checked by `tsc`; nothing here runs. */
import { expectTypeOf } from "vitest";
import { bytes, json, text } from "../../connectors/kafka/index.ts";
import type { MalformedKafkaRecord } from "../../connectors/kafka/index.ts";
import { WatermarkStrategy } from "../../core/index.ts";
import { egress, external, fn, FunctionType, module, router, type } from "../../statefun/index.ts";
import type { DeadLetter, EgressSpec, IngressSpec } from "../../statefun/index.ts";
import { kafkaEgress, kafkaIngress, target } from "../../statefun/kafka/index.ts";
import type {
  KafkaEgressRecord,
  KafkaMessage,
  KafkaMessages,
  Target,
  RecordWithTopic,
} from "../../statefun/kafka/index.ts";
import { digits, text as anyText } from "../statefun/define/tiny-schema.ts";

interface Payment {
  readonly cents: number;
}

const servers = { bootstrapServers: "localhost:9092" };
const wallet = fn("docs/wallet", {
  accepts: { add: type<Payment>(), name: type<string>(), count: digits },
  handle: { add: () => undefined, name: () => undefined, count: () => undefined },
});
const audit = external<{ note: Payment | string }>("docs/audit");
const anything = fn("docs/anything", { otherwise: () => undefined });

expectTypeOf(target(wallet, "add")).toEqualTypeOf<Target<Payment>>();
// What comes from outside is what the schema takes, not what it makes.
expectTypeOf(target(wallet, "count")).toEqualTypeOf<Target<string>>();
expectTypeOf(target(anything)).toEqualTypeOf<Target<unknown>>();
expectTypeOf(target(new FunctionType("docs", "old"))).toEqualTypeOf<Target<unknown>>();
// @ts-expect-error -- it accepts no such kind
target(wallet, "ad");
// @ts-expect-error -- it accepts several kinds: which?
target(wallet);

const both = kafkaIngress("docs/both", {
  ...servers,
  topics: {
    payments: { value: json<Payment>(), targets: [target(wallet, "add"), target(audit, "note"), target(anything)] },
    names: { deserializer: (record) => record.valueText() ?? undefined, targets: target(wallet, "name") },
  },
  watermarks: WatermarkStrategy.forMonotonousTimestamps<
    KafkaMessage<"payments", Payment> | KafkaMessage<"names", string>
  >(),
});
expectTypeOf(both).toEqualTypeOf<IngressSpec<KafkaMessages<{ payments: Payment; names: string }>>>();
router(both, (message) => {
  if (message.topic === "payments") expectTypeOf(message.value).toEqualTypeOf<Payment>();
  else expectTypeOf(message.value).toEqualTypeOf<string>();
  expectTypeOf(message.id).toEqualTypeOf<string>();
});
module(() => [wallet, both]);

kafkaIngress("docs/checked", {
  ...servers,
  topics: { lines: { value: json({ schema: anyText }), targets: [target(wallet, "name"), target(audit, "note")] } },
});
// @ts-expect-error -- a name is text, not bytes
kafkaIngress("docs/wrong", { ...servers, topics: { names: { value: bytes(), targets: target(wallet, "name") } } });
kafkaIngress("docs/wrong", {
  ...servers,
  // @ts-expect-error -- one of two targets takes something else
  topics: { names: { value: text(), targets: [target(wallet, "name"), target(wallet, "add")] } },
});
// @ts-expect-error -- nobody gets it
kafkaIngress("docs/wrong", { ...servers, topics: { names: { value: text() } } });

const malformed = egress("docs/malformed", type<MalformedKafkaRecord>());
const topics = { names: { value: text(), targets: target(wallet, "name") } };
kafkaIngress("docs/names", { ...servers, topics, onMalformed: { egress: malformed } });
// @ts-expect-error -- the egress takes something else
kafkaIngress("docs/names", { ...servers, topics, onMalformed: { egress: egress("docs/dead", type<DeadLetter>()) } });

const withTopic = kafkaEgress("docs/receipts", { ...servers, topic: "receipts" });
expectTypeOf(withTopic).toEqualTypeOf<EgressSpec<KafkaEgressRecord>>();
const withoutTopic = kafkaEgress("docs/receipts", servers);
expectTypeOf(withoutTopic).toEqualTypeOf<EgressSpec<RecordWithTopic>>();
const mapped = kafkaEgress("docs/receipts", {
  ...servers,
  topic: "receipts",
  record: (payment: Payment) => ({ value: String(payment.cents) }),
});
expectTypeOf(mapped).toEqualTypeOf<EgressSpec<Payment>>();
kafkaEgress("docs/receipts", { ...servers, record: (cents: number) => ({ topic: "cents", value: String(cents) }) });
// @ts-expect-error -- to which topic?
kafkaEgress("docs/receipts", { ...servers, record: (cents: number) => ({ value: String(cents) }) });

fn("docs/till", {
  accepts: { pay: type<number>() },
  handle: {
    pay(ctx, cents) {
      ctx.send(withTopic, { key: "ada", value: `${cents}`, headers: { currency: "EUR" }, partition: 1 });
      ctx.send(withoutTopic, { topic: "receipts", value: new Uint8Array() });
      ctx.send(mapped, { cents });
      // @ts-expect-error -- to which topic?
      ctx.send(withoutTopic, { value: `${cents}` });
      // @ts-expect-error -- a record has text or bytes
      ctx.send(withTopic, { value: cents });
    },
  },
});
