/**
 * `npm run bench:kafka [-- --quick] [--only text] [--rounds n] [--records n] [--seconds n] [--partitions n] [--servers host:port,…] [--json file]`: reading, writing and both at once
 * against a broker of its own (or `--servers`), beside loops of kafkajs alone; and how long a record takes until readers see it.
 *
 * Each part of a round is a process of its own, which does the same with a tenth of the records first. Parts take turns within a round, and ratios are made within it. What a part wrote is
 * counted by an independent reader in a quick run, and by its topic's offsets otherwise.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { missingTool } from "../../test/integration/kafka/kafka-jars.ts";
import { KafkaTools } from "../../test/integration/kafka/kafka-tools.ts";
import { startKafka } from "../../test/integration/kafka/local-kafka.ts";
import { bareClient, writeBare } from "./bare.ts";
import { LATENCIES, SPEEDS } from "./part.ts";
import type { LatencyCase, LatencyResult, Load, Order, SpeedResult, Way, Work } from "./part.ts";
import { latencyRows, speedRows } from "./table.ts";
import type { Round } from "./table.ts";

const PER_SECOND = 1_000;
const WARM_UP_SHARE = 1 / 10;
const QUICK = { records: 5_000, seconds: 2, rounds: 1 };
const FULL = { records: 1_000_000, seconds: 10, rounds: 3 };

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    rounds: { type: "string" },
    records: { type: "string" },
    seconds: { type: "string" },
    partitions: { type: "string", default: "4" },
    servers: { type: "string" },
    json: { type: "string", default: "" },
  },
});

const size = flags.quick ? QUICK : FULL;
const records = Number(flags.records ?? size.records);
const seconds = Number(flags.seconds ?? size.seconds);
const rounds = Number(flags.rounds ?? size.rounds);
const mainFile = fileURLToPath(new URL("main.js", import.meta.url));

/** In a process of its own. */
async function measure<Result>(order: Order): Promise<Result> {
  const { stdout } = await promisify(execFile)(process.execPath, [mainFile, JSON.stringify(order)]);
  const line = stdout.split("\n").findLast((one) => one.startsWith("{"));
  return JSON.parse(line ?? "") as Result; // what main.ts writes
}

class Bench {
  readonly #servers: readonly string[];
  readonly #tools: KafkaTools;
  readonly #name = `bench-${process.pid}-${Date.now()}`;
  #topics = 0;

  constructor(servers: readonly string[]) {
    this.#servers = servers;
    this.#tools = new KafkaTools(servers);
  }

  async run(): Promise<readonly Round[]> {
    const full = await this.#filled(records);
    const warm = flags.quick ? undefined : await this.#filled(Math.ceil(records * WARM_UP_SHARE));
    const all: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const speeds: SpeedResult[] = [];
      const latencies: LatencyResult[] = [];
      for (const { work, ways } of SPEEDS)
        for (const way of ways)
          if (
            `${work}, ${way}`.includes(flags.only) ||
            (way === "bare loop" && ways.some((other) => `${work}, ${other}`.includes(flags.only)))
          ) {
            const result = await this.#speed({ work, way }, { full, warm });
            speeds.push(result);
            say(round, `${work}, ${way}: ${Math.round(result.tookMs)} ms, CPU ${Math.round(result.cpuMs)} ms`);
          }
      for (const latency of LATENCIES)
        if (`latency, ${latency.guarantee}`.includes(flags.only)) {
          const result = await this.#latency(latency);
          latencies.push(result);
          say(
            round,
            `latency, ${latency.guarantee}, every ${latency.intervalMs} ms: ${JSON.stringify(result.figures)}`,
          );
        }
      all.push({ speeds, latencies });
    }
    for (const topic of [full, warm]) if (topic !== undefined) await this.#tools.deleteTopic(topic.from);
    return all;
  }

  async #speed(
    part: { readonly work: Work; readonly way: Way },
    from: { readonly full: Load; readonly warm: Load | undefined },
  ): Promise<SpeedResult> {
    const load = { ...from.full, to: await this.#topic() };
    const warmUp = from.warm === undefined ? undefined : { ...from.warm, to: await this.#topic() };
    const result = await measure<SpeedResult>({ kind: "speed", ...part, load, warmUp });
    if (part.work !== "reading") await this.#check(load, `${part.work}, ${part.way}`);
    for (const { to } of [load, ...(warmUp === undefined ? [] : [warmUp])]) await this.#tools.deleteTopic(to);
    return result;
  }

  async #latency(latency: LatencyCase): Promise<LatencyResult> {
    const [from, to] = [await this.#topic(), await this.#topic()];
    const load = { servers: this.#servers, from, to, records: seconds * PER_SECOND };
    const result = await measure<LatencyResult>({ kind: "latency", ...latency, load, perSecond: PER_SECOND });
    await this.#tools.deleteTopic(from);
    await this.#tools.deleteTopic(to);
    return result;
  }

  async #topic(): Promise<string> {
    this.#topics += 1;
    const topic = `${this.#name}-${this.#topics}`;
    await this.#tools.createTopic(topic, Number(flags.partitions));
    return topic;
  }

  async #filled(count: number): Promise<Load> {
    const topic = await this.#topic();
    const load = { servers: this.#servers, from: topic, to: topic, records: count };
    await writeBare(load);
    return load;
  }

  /** Otherwise the fastest way to write would be not to. */
  async #check({ to, records: expected }: Load, what: string): Promise<void> {
    const found = flags.quick ? (await this.#tools.committed(to)).length : await this.#offsets(to);
    // Markers of transactions have offsets, too.
    if (flags.quick ? found !== expected : found < expected)
      throw new Error(`${what}: ${found} of ${expected} records are in the topic`);
  }

  async #offsets(topic: string): Promise<number> {
    const admin = bareClient({ servers: this.#servers }).admin();
    await admin.connect();
    try {
      const partitions = await admin.fetchTopicOffsets(topic);
      return partitions.reduce((sum, { high }) => sum + Number(high), 0);
    } finally {
      await admin.disconnect();
    }
  }
}

function say(round: number, what: string): void {
  process.stderr.write(`round ${round} of ${rounds}: ${what}\n`);
}

function print(all: readonly Round[]): void {
  const rows = speedRows(all, records);
  const latencies = latencyRows(all);
  if (rows.length > 0) console.table(rows);
  if (Object.keys(latencies).length > 0) {
    console.log(`From the producer to a read_committed reader, ${PER_SECOND.toLocaleString("en")} records/s:`);
    console.table(latencies);
  }
  const result = { node: process.version, quick: flags.quick, records, seconds, rows, latencies, rounds: all };
  if (flags.json !== "") writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
}

async function main(): Promise<void> {
  if (flags.servers !== undefined) return print(await new Bench(flags.servers.split(",")).run());
  const missing = missingTool();
  if (missing !== undefined) throw new Error(missing);
  const kafka = await startKafka();
  try {
    print(await new Bench(kafka.bootstrapServers).run());
  } finally {
    await kafka.stop();
  }
}

await main();
