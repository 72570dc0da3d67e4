/**
 * Delays of 20,000 real flights per airport and day, exactly once: `npm start`, or `npx millrace run examples/flight-delays.ts`.
 *
 * What one learns: event time (flights stand in the file in the order of the timetable, but count when they really left), windows, keyed state,
 * checkpoints, and that a failure in the middle changes nothing.
 *
 * In:    flights-20k.json, one JSON array. Out: NDJSON in `./out/flight-delays`, a row per origin and day; at the end a table of the worst.
 * State: one accumulator per origin and open day; per origin the largest delay so far.
 *
 * Options stand after `--`; `-- --help` lists them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineJob, MillraceError, OutputTag, tumbling, value, WatermarkStrategy } from "millrace";
import type {
  AggregateFunction,
  Collector,
  DataStream,
  JobDefinition,
  MapFunction,
  StreamExecutionEnvironment,
} from "millrace";
import { fileSink, fileSource, ndjson } from "millrace/connectors/files";
import type { MalformedRecord } from "millrace/connectors/files";
import { checkedArray } from "./support/checked-array.ts";
import { asFlight } from "./support/flight.ts";
import type { Flight } from "./support/flight.ts";
import { numberOption, optionValues, usageOf } from "./support/options.ts";

/** A row of the output. The mean is rounded to two decimals, halves up. */
export interface OriginDay {
  readonly origin: string;
  readonly day: string;
  readonly flights: number;
  readonly meanDelay: number;
  readonly maxDelay: number;
  /** No earlier day of this origin had such a large delay; true for the first day. */
  readonly newRecord: boolean;
}

/** A record that is no flight, with its place in the file. */
type Malformed = Pick<MalformedRecord, "path" | "index" | "byteOffset" | "reason" | "text">;

interface Options {
  readonly input: string;
  readonly out: string;
  readonly ratePerSecond: number;
  readonly killAfter: number;
  readonly malformed: "fail" | "side";
}

const OPTIONS = {
  rate: { value: "N", meaning: "records per second; 0: full speed", default: "10000" },
  "kill-after": {
    value: "N",
    meaning: "fail at the N-th record, once; the rows are the same; 0: do not",
    default: "0",
  },
  malformed: {
    value: "fail|side",
    meaning: "what becomes of records that are no flights: an error, or a file in <out>-malformed",
    default: "fail",
  },
  input: {
    value: "path",
    meaning: "a JSON array of flights, instead of that of the package vega-datasets",
    default: "",
  },
  out: { value: "directory", meaning: "where the rows go; emptied at a fresh start", default: "out/flight-delays" },
} as const;

const MALFORMED = new OutputTag<Malformed>("malformed");
const TABLE_ROWS = 10;
const TABLE_FLIGHTS_MIN = 5;

const job: JobDefinition = defineJob(
  "flight-delays",
  (env, args) => {
    const options = optionsOf(args);
    env.enableCheckpointing("200ms");
    const flights = readFlights(env, options);
    if (options.malformed === "side") {
      const path = `${options.out}-malformed`;
      flights
        .getSideOutput(MALFORMED)
        .sinkTo(fileSink({ path, format: ndjson(), emptyFirst: true }))
        .name("malformed")
        .uid("malformed");
    }
    const counted = options.killAfter === 0 ? flights : flights.map(failOnce(options.killAfter)).name("fail once");
    delaysPerDay(counted)
      .sinkTo(fileSink({ path: options.out, format: ndjson(), emptyFirst: true }))
      .name("rows")
      .uid("rows");
  },
  { usage: usageOf(OPTIONS), report: (_result, args) => printWorst(readRows(optionsOf(args).out)) },
);
export default job;

/** No flight leaves more than 9 h behind another that stands earlier in the file, so with this bound none is late. */
function readFlights(env: StreamExecutionEnvironment, options: Options): DataStream<Flight> {
  const source = fileSource<Flight | Malformed>({
    path: options.input,
    format: checkedArray(asFlight),
    onMalformed:
      options.malformed === "fail"
        ? "fail"
        : ({ path, index, byteOffset, reason, text }) => ({ path, index, byteOffset, reason, text }),
    ...(options.ratePerSecond === 0 ? {} : { ratePerSecond: options.ratePerSecond }),
  });
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness("9h").withTimestampAssigner(
    (record: Flight | Malformed, noTimeMs) => ("reason" in record ? noTimeMs : record.departureMs),
  );
  return env
    .fromSource(source, strategy, "flights")
    .uid("flights")
    .process({
      processElement(record, ctx, out: Collector<Flight>) {
        if ("reason" in record) ctx.output(MALFORMED, record);
        else out.collect(record);
      },
    })
    .name("well-formed");
}

/** Flights, with the time of their departure, to rows; the rows of an origin come in the order of days. */
export function delaysPerDay(flights: DataStream<Flight>): DataStream<OriginDay> {
  return flights
    .keyBy((flight) => flight.origin)
    .window(tumbling("1d"))
    .aggregate(delays)
    .name("delays per day")
    .uid("delays-per-day")
    .keyBy((day) => day.key)
    .process({
      state: { record: value({ default: -Infinity }) },
      processElement({ key: origin, window, value: day }, ctx, out: Collector<OriginDay>) {
        const newRecord = day.maxDelay > ctx.state.record.value();
        if (newRecord) ctx.state.record.update(day.maxDelay);
        out.collect({
          origin,
          day: new Date(window.startMs).toISOString().slice(0, "YYYY-MM-DD".length),
          ...day,
          newRecord,
        });
      },
    })
    .name("records")
    .uid("records");
}

interface Delays {
  readonly flights: number;
  readonly sum: number;
  readonly max: number;
}

const delays: AggregateFunction<Flight, Delays, Pick<OriginDay, "flights" | "meanDelay" | "maxDelay">> = {
  createAccumulator: () => ({ flights: 0, sum: 0, max: -Infinity }),
  add: ({ delay }, { flights, sum, max }) => ({ flights: flights + 1, sum: sum + delay, max: Math.max(max, delay) }),
  getResult: ({ flights, sum, max }) => ({
    flights,
    meanDelay: Math.round((sum * 100) / flights) / 100,
    maxDelay: max,
  }),
};

/** One object for all subtasks of the thread, so that they count together; in the second attempt everything goes through. */
function failOnce<T>(recordNumber: number): MapFunction<T, T> {
  let records = 0;
  let attempt = 0;
  return {
    open(ctx) {
      attempt = ctx.task.attempt;
    },
    map(record) {
      records += 1;
      if (records === recordNumber && attempt === 0) throw new Error(`failing on purpose at record ${recordNumber}`);
      return record;
    },
  };
}

function optionsOf(args: readonly string[]): Options {
  const values = optionValues(args, OPTIONS);
  const { malformed } = values;
  if (malformed !== "fail" && malformed !== "side")
    throw new MillraceError("MR2113", `--malformed must be fail or side, not "${malformed}"`);
  return {
    input: values.input === "" ? packagedFlights() : values.input,
    out: values.out,
    ratePerSecond: numberOption("rate", values.rate),
    killAfter: numberOption("kill-after", values["kill-after"]),
    malformed,
  };
}

/** Beside this file or, once it is bundled, beside the bundle in node_modules/.cache: the package is found from both. */
function packagedFlights(): string {
  const main = createRequire(import.meta.url).resolve("vega-datasets");
  return join(dirname(main), "..", "data", "flights-20k.json");
}

export function readRows(directory: string): OriginDay[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".ndjson") && !name.startsWith("."))
    .toSorted()
    .flatMap((name) => readFileSync(join(directory, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as OriginDay); // this job wrote it
}

function printWorst(rows: readonly OriginDay[]): void {
  const worst = rows
    .filter(({ flights }) => flights >= TABLE_FLIGHTS_MIN)
    .toSorted((left, right) => right.meanDelay - left.meanDelay || right.maxDelay - left.maxDelay)
    .slice(0, TABLE_ROWS);
  console.log(`${rows.length} rows; the worst days with at least ${TABLE_FLIGHTS_MIN} flights:`);
  console.log("origin  day         flights  mean delay  max delay");
  for (const { origin, day, flights, meanDelay, maxDelay } of worst) {
    const numbers = [String(flights).padStart(7), meanDelay.toFixed(2).padStart(10), String(maxDelay).padStart(9)];
    console.log([origin.padEnd(6), day, ...numbers].join("  "));
  }
}
