/** Messages checked by the schema libraries that people use: types are inferred from them, what fits arrives as they make it, and what does not says where and why. */
import { type as ark } from "arktype";
import * as valibot from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { json } from "../../../connectors/kafka/index.ts";
import type { KafkaValue } from "../../../connectors/kafka/index.ts";
import { fn } from "../../../statefun/index.ts";
import { checkOf } from "../../../statefun/define/message-type.ts";
import { StatefulFunctionHarness } from "../../harness/stateful-function-harness.ts";
import { refusal } from "./refusal.ts";

interface Order {
  readonly item: string;
  readonly count: number;
}

const byZod = z.object({ item: z.string(), count: z.int().positive() });
const byValibot = valibot.object({
  item: valibot.string(),
  count: valibot.pipe(valibot.number(), valibot.minValue(1)),
});
const byArktype = ark({ item: "string", count: "number > 0" });

describe.each([
  ["zod", byZod],
  ["valibot", byValibot],
  ["arktype", byArktype],
] as const)("%s", (_, order) => {
  test("checks messages, and its types are those of the handler", () => {
    const seen: Order[] = [];
    const cart = fn("docs/cart", {
      accepts: { order },
      handle: {
        order(_ctx, message) {
          expectTypeOf(message).toExtend<Order>();
          seen.push(message);
        },
      },
    });
    const harness = new StatefulFunctionHarness({ functions: [cart] });
    harness.send(cart.at("ada"), "order", { item: "tea", count: 2 });
    expect(seen).toEqual([{ item: "tea", count: 2 }]);
    expect(refusal(() => checkOf(order, "the order")?.({ item: "tea", count: -1 }))).toMatch(
      /^MR9010: the order does not fit its schema: at count: /,
    );
    expect(refusal(() => checkOf(order, "the order")?.({ count: 1 }))).toMatch(/at item: /);
  });

  test("gives a Kafka value its type", () => {
    expectTypeOf(json({ schema: order })).toExtend<KafkaValue<{ item: string; count: number }>>();
  });
});
