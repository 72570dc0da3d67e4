/** What the compiler infers of files: values from the format of a source, and which formats can write which records. Checked by `tsc`; nothing here runs. */
import { expectTypeOf } from "vitest";
import { csv, fileSink, fileSource, jsonArray, ndjson, textLines } from "../../connectors/files/index.ts";
import type { CsvFormat, CsvRow, FileEncoder, FileFormat } from "../../connectors/files/index.ts";
import { WatermarkStrategy } from "../../core/index.ts";
import type { DataStream, StreamExecutionEnvironment } from "../../core/index.ts";

interface Trip {
  readonly from: string;
  readonly km: number;
  readonly stops?: readonly string[];
}

declare const env: StreamExecutionEnvironment;
declare const trips: DataStream<Trip>;

export function csvAsSink(): void {
  trips.sinkTo(fileSink({ path: "out", format: csv() }));
  trips.sinkTo(fileSink({ path: "out", format: csv({ header: ["km", "from"], delimiter: ";" }) }));
  env.fromData([{ page: "a", n: 1 }]).sinkTo(fileSink({ path: "out", format: csv() }));
  expectTypeOf(csv()).toEqualTypeOf<CsvFormat>();
  expectTypeOf(csv()).toExtend<FileEncoder<Trip>>();
  // @ts-expect-error numbers have no columns
  env.fromData(1, 2).sinkTo(fileSink({ path: "out", format: csv() }));
}

export function csvAsSource(): void {
  const rows = env.fromSource(fileSource({ path: "in", format: csv() }), WatermarkStrategy.noWatermarks(), "rows");
  expectTypeOf(rows).toEqualTypeOf<DataStream<CsvRow>>();
  const parsed = csv({ parse: (row): Trip => ({ from: row["from"] ?? "", km: Number(row["km"]) }) });
  expectTypeOf(parsed).toEqualTypeOf<FileFormat<Trip>>();
  const read = env.fromSource(fileSource({ path: "in", format: parsed }), WatermarkStrategy.noWatermarks(), "trips");
  expectTypeOf(read).toEqualTypeOf<DataStream<Trip>>();
  read.sinkTo(fileSink({ path: "out", format: parsed }));
}

export function others(): void {
  trips.sinkTo(fileSink({ path: "out", format: ndjson() }));
  trips.map(({ from }) => from).sinkTo(fileSink({ path: "out", format: textLines() }));
  trips.sinkTo(fileSink({ path: "out", format: (trip: Trip) => `${trip.from}\n` }));
  // @ts-expect-error lines are text
  trips.sinkTo(fileSink({ path: "out", format: textLines() }));
  // @ts-expect-error an array cannot be written bit by bit
  trips.sinkTo(fileSink({ path: "out", format: jsonArray<Trip>() }));
  // @ts-expect-error no format
  fileSource({ path: "in" });
}
