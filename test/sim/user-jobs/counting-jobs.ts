/** Jobs for the tests of the simulator: one that counts per key and keeps what it promises, and copies of it with a bug that users write. */
import { value, WatermarkStrategy } from "../../../core/index.ts";
import type {
  Collector,
  CommitRequest,
  DataStream,
  Sink,
  Source,
  SourceReader,
  StreamExecutionEnvironment,
} from "../../../core/index.ts";
import { listSource } from "../pipelines/list-source.ts";
import type { ListSplit } from "../pipelines/list-source.ts";

export interface Visit {
  readonly user: string;
}

const USERS = ["ada", "bob", "eve", "joe", "kim"];

export const VISITS: readonly Visit[] = Array.from({ length: 40 }, (_, index) => ({
  user: USERS[index % USERS.length] ?? "",
}));

/** What is read where a test gives no inputs. */
function visitsOf(env: StreamExecutionEnvironment): DataStream<Visit> {
  const splits = [VISITS.map((value) => ({ value, timestampMs: undefined }))];
  return env.fromSource(listSource<Visit>("visits", splits), WatermarkStrategy.noWatermarks<Visit>(), "visits");
}

/** Numbers the visits of each user. */
export function numbered(visits: DataStream<Visit>): DataStream<string> {
  return visits
    .keyBy((visit) => visit.user)
    .process({
      state: { seen: value({ default: 0 }) },
      processElement(visit, ctx, out: Collector<string>) {
        ctx.state.seen.update(ctx.state.seen.value() + 1);
        out.collect(`${visit.user} ${ctx.state.seen.value()}`);
      },
    });
}

export function countingJob(env: StreamExecutionEnvironment): void {
  numbered(visitsOf(env)).print().name("counts");
}

/** Its state is a variable, which no checkpoint has. */
export function closureJob(env: StreamExecutionEnvironment): void {
  const seen = new Map<string, number>();
  visitsOf(env)
    .keyBy((visit) => visit.user)
    .process({
      processElement({ user }, _, out: Collector<string>) {
        seen.set(user, (seen.get(user) ?? 0) + 1);
        out.collect(`${user} ${seen.get(user)}`);
      },
    })
    .print()
    .name("counts");
}

/** Numbers over all users: what a record becomes depends on what came before it elsewhere. */
export function arrivalOrderJob(env: StreamExecutionEnvironment): void {
  visitsOf(env)
    .rebalance()
    .map((visit) => ({ ...visit, team: visit.user < "c" ? "early" : "late" }))
    .keyBy(({ team }) => team)
    .process({
      processElement({ user, team }, _, out: Collector<{ readonly team: string; readonly user: string }>) {
        out.collect({ team, user });
      },
    })
    .print()
    .name("teams");
}

/** A reader that says it is one record further than it is. */
export function forgetfulSourceJob(env: StreamExecutionEnvironment): void {
  const sound = listSource<Visit>("visits", [VISITS.map((visit) => ({ value: visit, timestampMs: undefined }))]);
  const forgetful: Source<Visit, ListSplit, readonly ListSplit[]> = {
    boundedness: "bounded",
    createEnumerator: (ctx, restored) => sound.createEnumerator(ctx, restored),
    createReader: (ctx) => aheadOf(sound.createReader(ctx)),
  };
  numbered(env.fromSource(forgetful, WatermarkStrategy.noWatermarks<Visit>(), "visits"))
    .print()
    .name("counts");
}

function aheadOf(reader: SourceReader<Visit, ListSplit>): SourceReader<Visit, ListSplit> {
  return {
    start: () => reader.start?.(),
    pollNext: (output, recordsMax) => reader.pollNext(output, recordsMax),
    addSplits: (splits) => reader.addSplits(splits),
    noMoreSplits: () => reader.noMoreSplits(),
    snapshot: (checkpointId) =>
      reader
        .snapshot(checkpointId)
        .map((split) => ({ ...split, position: split.position + (split.position > 0 ? 1 : 0) })),
  };
}

/** A committer of one's own, and the outside world that it writes to. */
export class Ledger {
  readonly rows: string[] = [];
  readonly #ids = new Set<string>();
  readonly #idempotent: boolean;

  constructor(options: { readonly idempotent: boolean }) {
    this.#idempotent = options.idempotent;
  }

  clear(): void {
    this.rows.length = 0;
    this.#ids.clear();
  }

  written(): readonly string[] {
    return this.rows;
  }

  job(env: StreamExecutionEnvironment): void {
    numbered(visitsOf(env)).sinkTo(this.sink()).name("ledger");
  }

  sink(): Sink<string, never, LedgerPage> {
    return {
      createWriter(ctx) {
        let rows: string[] = [];
        return {
          write: (row) => void rows.push(row),
          prepareCommit(checkpointId) {
            const page = { id: `${checkpointId}/${ctx.subtaskIndex}/${rows.join()}`, rows };
            rows = [];
            return page.rows.length === 0 ? [] : [page];
          },
        };
      },
      createCommitter: () => ({ commit: (requests) => this.#commit(requests) }),
    };
  }

  #commit(requests: readonly CommitRequest<LedgerPage>[]): void {
    for (const request of requests) {
      const { id, rows } = request.committable;
      if (this.#idempotent && this.#ids.has(id)) request.signalAlreadyCommitted();
      else this.rows.push(...rows);
      this.#ids.add(id);
    }
  }
}

interface LedgerPage {
  readonly id: string;
  readonly rows: readonly string[];
}

/** What a promise is rejected with, as text. */
export async function messageOf(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => new Error("nothing was found"),
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : String(error);
}
