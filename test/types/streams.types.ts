/** What the compiler infers along a pipeline without functions of more than one line, and what it refuses. Checked by `tsc`; nothing here runs. */
import { expectTypeOf } from "vitest";
import { OutputTag, WatermarkStrategy, defineJob } from "../../core/index.ts";
import type {
  Collector,
  DataStream,
  DataStreamSink,
  JobDefinition,
  KeyedStream,
  ReaderOutput,
  Sink,
  Source,
  SourceSplit,
  StreamExecutionEnvironment,
} from "../../core/index.ts";

interface Order {
  readonly id: string;
  readonly amount: number;
  readonly placedAt: Date;
  readonly note?: string;
}

declare const env: StreamExecutionEnvironment;
declare const orders: DataStream<Order>;
declare const source: Source<Order, SourceSplit>;
declare const orderSink: Sink<Order, { file: string }, { path: string }>;

export function sources(): void {
  expectTypeOf(env.fromData(1, 2, 3)).toEqualTypeOf<DataStream<number>>();
  expectTypeOf(env.fromData(["a", "b"])).toEqualTypeOf<DataStream<string>>();
  expectTypeOf(env.fromData<Order>([])).toEqualTypeOf<DataStream<Order>>();
  expectTypeOf(env.fromSequence(1, 10)).toEqualTypeOf<DataStream<number>>();
  expectTypeOf(env.fromSource(source, WatermarkStrategy.noWatermarks(), "orders")).toEqualTypeOf<DataStream<Order>>();
  const byTime = WatermarkStrategy.forBoundedOutOfOrderness("5s").withTimestampAssigner((order: Order) =>
    order.placedAt.getTime(),
  );
  expectTypeOf(env.fromSource(source, byTime, "orders")).toEqualTypeOf<DataStream<Order>>();
  expectTypeOf(byTime.withWatermarkAlignment("orders", "30s", 500)).toEqualTypeOf<WatermarkStrategy<Order>>();
  // @ts-expect-error no unit of time
  byTime.withWatermarkAlignment("orders", "30 fortnights");
  // @ts-expect-error a strategy for orders does not fit numbers
  env.fromSequence(1, 10).assignTimestampsAndWatermarks(byTime);
  // @ts-expect-error no such unit of time
  env.enableCheckpointing("10 fortnights");
}

export function sideOutputsOfSources(output: ReaderOutput<Order>): void {
  const poison = new OutputTag<Uint8Array>("poison");
  output.sideOutput(poison, new Uint8Array(), 5);
  // @ts-expect-error the tag is of bytes
  output.sideOutput(poison, "bytes");
  // @ts-expect-error a name is no tag
  output.sideOutput("poison", new Uint8Array());
  const read = env.fromSource(source, WatermarkStrategy.noWatermarks(), "orders");
  expectTypeOf(read.getSideOutput(poison)).toEqualTypeOf<DataStream<Uint8Array>>();
}

export function onePerElement(): void {
  expectTypeOf(orders.map((order) => order.amount)).toEqualTypeOf<DataStream<number>>();
  expectTypeOf(orders.map({ map: (order) => order.id })).toEqualTypeOf<DataStream<string>>();
  expectTypeOf(orders.filter((order) => order.amount > 0)).toEqualTypeOf<DataStream<Order>>();
  class ToId {
    map(order: Order): string {
      return order.id;
    }
  }
  expectTypeOf(orders.map(ToId)).toEqualTypeOf<DataStream<string>>();
  // @ts-expect-error no such field
  orders.map((order) => order.price);
  // @ts-expect-error no condition
  orders.filter((order) => order.id);
  // @ts-expect-error the class takes orders
  env.fromSequence(1, 2).map(ToId);
}

export function manyPerElement(): void {
  expectTypeOf(orders.flatMap((order) => order.id.split("-"))).toEqualTypeOf<DataStream<string>>();
  expectTypeOf(orders.flatMap((order, out: Collector<number>) => out.collect(order.amount))).toEqualTypeOf<
    DataStream<number>
  >();
  const yielded = orders.flatMap(function* (order) {
    yield order.amount;
  });
  expectTypeOf(yielded).toEqualTypeOf<DataStream<number>>();
}

export function keys(): void {
  expectTypeOf(orders.keyBy((order) => order.id)).toEqualTypeOf<KeyedStream<string, Order>>();
  expectTypeOf(orders.keyBy((order) => ({ id: order.id, big: order.amount > 9 }))).toEqualTypeOf<
    KeyedStream<{ id: string; big: boolean }, Order>
  >();
  // @ts-expect-error a key is never undefined
  orders.keyBy((order) => order.note);
  // @ts-expect-error nor null
  orders.keyBy(() => null);
}

export function rolling(): void {
  const keyed = orders.keyBy((order) => order.id);
  expectTypeOf(keyed.reduce((left, right) => (left.amount > right.amount ? left : right))).toEqualTypeOf<
    DataStream<Order>
  >();
  expectTypeOf(keyed.sum("amount")).toEqualTypeOf<DataStream<Order>>();
  expectTypeOf(keyed.sum((order) => order.amount)).toEqualTypeOf<DataStream<number>>();
  expectTypeOf(keyed.min("amount")).toEqualTypeOf<DataStream<Order>>();
  expectTypeOf(keyed.maxBy("placedAt")).toEqualTypeOf<DataStream<Order>>();
  expectTypeOf(keyed.minBy((order) => order.id)).toEqualTypeOf<DataStream<Order>>();
  // @ts-expect-error text has no sum
  keyed.sum("id");
  // @ts-expect-error no such field
  keyed.max("price");
  // @ts-expect-error it may be absent
  keyed.minBy("note");
  // @ts-expect-error another type than the elements
  keyed.reduce((left) => left.amount);
}

export function unions(): void {
  const rush: DataStream<Order & { rush: true }> = orders.map((order) => ({ ...order, rush: true as const }));
  expectTypeOf(orders.union(rush)).toEqualTypeOf<DataStream<Order>>();
  const seenAsOrders: DataStream<Order> = rush;
  void seenAsOrders;
  // @ts-expect-error not every order is a rush order
  rush.union(orders);
  // @ts-expect-error streams of different types connect, but do not unite
  orders.union(env.fromSequence(1, 2));
}

export function ends(): void {
  expectTypeOf(orders.sinkTo(orderSink).name("orders").uid("orders")).toEqualTypeOf<DataStreamSink>();
  expectTypeOf(orders.executeAndCollect()).toEqualTypeOf<Promise<Order[]>>();
  expectTypeOf(orders.collectAsync()).toEqualTypeOf<AsyncIterableIterator<Order, undefined>>();
  expectTypeOf(orders.name("x").setParallelism(2)).toEqualTypeOf<DataStream<Order>>();
  // @ts-expect-error the sink takes orders
  env.fromSequence(1, 2).sinkTo(orderSink);
  // @ts-expect-error a keyed stream is not a stream that is written
  orders.keyBy((order) => order.id).sinkTo(orderSink);
}

export function partitionings(): void {
  const custom = orders.partitionCustom(
    (length: number, partitions) => length % partitions,
    (order) => order.id.length,
  );
  expectTypeOf(custom).toEqualTypeOf<DataStream<Order>>();
  expectTypeOf(orders.rebalance().broadcast()).toEqualTypeOf<DataStream<Order>>();
  // @ts-expect-error no keyed state behind it
  void custom.reduce;
}

export function operators(): void {
  const doubled = orders.transform<number>("double", ({ output }) => {
    expectTypeOf(output.processRecord).parameter(0).toEqualTypeOf<number>();
    return { inputs: [] };
  });
  expectTypeOf(doubled).toEqualTypeOf<DataStream<number>>();
}

export function jobs(): void {
  const job = defineJob("squares", (environment, args) => {
    expectTypeOf(environment).toEqualTypeOf<StreamExecutionEnvironment>();
    expectTypeOf(args).toEqualTypeOf<readonly string[]>();
  });
  expectTypeOf(job).toEqualTypeOf<JobDefinition>();
}
