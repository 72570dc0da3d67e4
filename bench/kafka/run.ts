/**
 * `npm run bench:kafka [-- --quick] [--only text] [--rounds n] [--records n] [--seconds n] [--partitions n] [--servers host:port,…] [--json file]`: reading, writing and both at once
 * against a broker of its own (or `--servers`), beside loops of kafkajs alone; and how long a record takes until readers see it.
 *
 * Each part of a round is a process of its own, which does the same with a tenth of the records first. Parts take turns within a round, and ratios are made within it: a machine that is
 * slow for a while is slow for both. A quick run only shows that everything runs.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { missingTool } from "../../test/integration/kafka/kafka-jars.ts";
import { startKafka } from "../../test/integration/kafka/local-kafka.ts";
import { Rounds } from "./rounds.ts";
import { latencyRows, speedRows } from "./table.ts";

const PER_SECOND = 1_000;
const FULL = { records: 1_000_000, seconds: 10, rounds: 3, isWarm: true };
const QUICK = { records: 5_000, seconds: 2, rounds: 1, isWarm: false };

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
const usual = flags.quick ? QUICK : FULL;
const size = {
  records: Number(flags.records ?? usual.records),
  seconds: Number(flags.seconds ?? usual.seconds),
  rounds: Number(flags.rounds ?? usual.rounds),
  partitions: Number(flags.partitions),
  perSecond: PER_SECOND,
  isWarm: usual.isWarm,
};

async function measureOn(servers: readonly string[]): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const rounds = await new Rounds({ ...size, servers, only: flags.only, say }).run();
  const rows = speedRows(rounds, size.records);
  const latencies = latencyRows(rounds);
  if (rows.length > 0) console.table(rows);
  if (latencies.length > 0) {
    console.log(`From the producer to a read_committed reader, ${PER_SECOND.toLocaleString("en")} records/s:`);
    console.table(latencies);
  }
  const result = { node: process.version, quick: flags.quick, ...size, rows, latencies, rounds };
  if (flags.json !== "") writeFileSync(flags.json, `${JSON.stringify(result, undefined, 2)}\n`);
}

async function main(): Promise<void> {
  if (flags.servers !== undefined) return measureOn(flags.servers.split(","));
  const missing = missingTool();
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`);
    process.exitCode = 1;
    return;
  }
  const kafka = await startKafka();
  try {
    await measureOn(kafka.bootstrapServers);
  } finally {
    await kafka.stop();
  }
}

await main();
