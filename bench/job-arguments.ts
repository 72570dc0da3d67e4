/** The arguments that every job of the benchmark gets: the number of its records, a directory for what it measures, and then its own. */

export interface JobArguments {
  readonly records: number;
  /** Exists; empty when the job starts. */
  readonly directory: string;
  readonly own: readonly string[];
}

export function jobArguments(args: readonly string[]): JobArguments {
  const [records = "1000", directory = "", ...own] = args;
  return { records: Number(records), directory, own };
}
