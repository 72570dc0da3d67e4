/**
 * `millrace/connectors/files`: files as source and sink, exactly once.
 *
 * Read `source.ts` and `sink.ts` first; `formats/` holds what both can read and write.
 */
export type { MalformedRecord } from "./errors.ts";
export { csv } from "./formats/csv.ts";
export type { CsvFormat, CsvOptions, CsvParseOptions, CsvRow } from "./formats/csv.ts";
export type {
  FileDecoder,
  FileEncoder,
  FileFormat,
  FilePosition,
  ParseStep,
  ParserOptions,
  RecordEncoder,
  RecordParser,
} from "./formats/format.ts";
export { jsonArray } from "./formats/json-array.ts";
export { ndjson, textLines } from "./formats/lines.ts";
export { fileSink } from "./sink.ts";
export type { FileSinkOptions } from "./sink.ts";
export type { FileCommittable, FileSinkState } from "./sink-state.ts";
export { fileSource } from "./source.ts";
export type { FileSourceOptions, MonitorOptions } from "./source.ts";
export type { FileEnumeratorState, FileSplit } from "./splits.ts";
