/**
 * Goes through the rounds on a broker that is there: makes topics, starts a process per part, counts what it wrote, takes the topics away.
 *
 * In:    servers and sizes. Out: the results of each round. State: topics, of which those that are read stay until the end.
 *
 * What a part wrote is counted record by record by an independent reader if there is little of it, and otherwise by the offsets of its topic.
 */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { KafkaTools } from "../../test/integration/kafka/kafka-tools.ts";
import { bareClient, writeBare } from "./bare.ts";
import type { LatencyCase, LatencyResult, Load, Order, SpeedResult } from "./part.ts";
import { nameOfLatency, planOf } from "./plan.ts";
import type { SpeedPart } from "./plan.ts";
import type { Round } from "./table.ts";

export interface RoundsOptions {
  readonly servers: readonly string[];
  readonly rounds: number;
  readonly records: number;
  /** Of a latency part. */
  readonly seconds: number;
  readonly perSecond: number;
  readonly partitions: number;
  /** Each part does the same with a tenth of the records first. */
  readonly isWarm: boolean;
  /** Of the parts to measure. Empty: all. */
  readonly only: string;
  readonly say: (line: string) => void;
}

const WARM_UP_SHARE = 1 / 10;
/** Up to that many records are read back. */
const COUNTED_MAX = 20_000;
const POLL_MS = 100;
const POLLS_MAX = 100;

const mainFile = fileURLToPath(new URL("main.js", import.meta.url));

interface Sources {
  readonly full: Load;
  readonly warm: Load | undefined;
}

export class Rounds {
  readonly #options: RoundsOptions;
  readonly #tools: KafkaTools;
  readonly #name: string;
  #topics = 0;

  constructor(options: RoundsOptions) {
    this.#options = options;
    this.#tools = new KafkaTools(options.servers);
    this.#name = `bench-${process.pid}-${Date.now()}`;
  }

  async run(): Promise<readonly Round[]> {
    const { records, rounds, isWarm } = this.#options;
    const full = await this.#filled(records);
    const warm = isWarm ? await this.#filled(Math.ceil(records * WARM_UP_SHARE)) : undefined;
    const all: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) all.push(await this.#round(round, { full, warm }));
    await this.#delete([full.from, ...(warm === undefined ? [] : [warm.from])]);
    return all;
  }

  async #round(round: number, sources: Sources): Promise<Round> {
    const { rounds, only, say } = this.#options;
    const plan = planOf(round, only);
    const prefix = `round ${round} of ${rounds}: `;
    const speeds: SpeedResult[] = [];
    for (const part of plan.speeds) {
      const result = await this.#speed(part, sources);
      const [tookMs, cpuMs] = [Math.round(result.tookMs), Math.round(result.cpuMs)];
      say(`${prefix}${part.work}, ${part.way}: ${tookMs} ms, processor ${cpuMs} ms`);
      speeds.push(result);
    }
    const latencies: LatencyResult[] = [];
    for (const latency of plan.latencies) {
      const result = await this.#latency(latency);
      const figures = Object.entries(result.figures).map(([name, ms]: [string, number]) => `${name} ${ms.toFixed(1)}`);
      say(`${prefix}${nameOfLatency(latency)}: ${figures.join(", ")}`);
      latencies.push(result);
    }
    return { speeds, latencies };
  }

  async #speed(part: SpeedPart, { full, warm }: Sources): Promise<SpeedResult> {
    const load = { ...full, to: await this.#topic() };
    const warmUp = warm === undefined ? undefined : { ...warm, to: await this.#topic() };
    const result = await measure<SpeedResult>({ kind: "speed", ...part, load, warmUp });
    if (part.work !== "reading") await this.#check(load, `${part.work}, ${part.way}`);
    await this.#delete([load.to, ...(warmUp === undefined ? [] : [warmUp.to])]);
    return result;
  }

  async #latency(latency: LatencyCase): Promise<LatencyResult> {
    const { servers, seconds, perSecond } = this.#options;
    const load = { servers, from: await this.#topic(), to: await this.#topic(), records: seconds * perSecond };
    const result = await measure<LatencyResult>({ kind: "latency", ...latency, load, perSecond });
    await this.#delete([load.from, load.to]);
    return result;
  }

  async #filled(records: number): Promise<Load> {
    const topic = await this.#topic();
    const load = { servers: this.#options.servers, from: topic, to: topic, records };
    await writeBare(load, true);
    return load;
  }

  async #topic(): Promise<string> {
    this.#topics += 1;
    const topic = `${this.#name}-${this.#topics}`;
    await this.#tools.createTopic(topic, this.#options.partitions);
    return topic;
  }

  async #delete(topics: readonly string[]): Promise<void> {
    for (const topic of topics) await this.#tools.deleteTopic(topic);
  }

  /** Otherwise the fastest way to write would be not to. A commit is answered before its markers are in all partitions: readers see the last of it a moment later. */
  async #check({ to, records }: Load, what: string): Promise<void> {
    const isCounted = records <= COUNTED_MAX;
    const count = async (): Promise<number> =>
      isCounted ? (await this.#tools.committed(to)).length : this.#offsets(to);
    let found = await count();
    for (let poll = 0; found < records && poll < POLLS_MAX; poll += 1) {
      await sleep(POLL_MS);
      found = await count();
    }
    // Markers of transactions have offsets, too.
    if (isCounted ? found !== records : found < records)
      throw new Error(`${what}: ${found} of ${records} records are in the topic`);
  }

  async #offsets(topic: string): Promise<number> {
    const admin = bareClient(this.#options).admin();
    await admin.connect();
    try {
      const partitions = await admin.fetchTopicOffsets(topic);
      return partitions.reduce((sum, { high }) => sum + Number(high), 0);
    } finally {
      await admin.disconnect();
    }
  }
}

/** In a process of its own. */
async function measure<Result>(order: Order): Promise<Result> {
  const { stdout } = await promisify(execFile)(process.execPath, [mainFile, JSON.stringify(order)]);
  const line = stdout.split("\n").findLast((one) => one.startsWith("{"));
  return JSON.parse(line ?? "") as Result; // what main.ts writes
}
