/**
 * How an attempt succeeds those before it: from then on they are refused, and what they have left open is aborted.
 *
 * In:    what was restored, what the brokers list. Out: `done`; a task that is itself of the past fails with `MR6405`. State: none beyond the questions under way.
 *
 * An attempt that was believed dead may still run. It begins no transaction under a new id before it has asked, with that id, whether it still has its subtask. So whoever takes its owner id over first,
 * and lists ids afterwards, knows all under which it may ever begin one. Its own subtask's is asked for at once; those of subtasks that are gone, and of other jobs with this prefix, once they are
 * listed, by all subtasks before any of them begins anything.
 *
 * An attempt that asks only now, though its successor is there, sees that one's ids in the list, and gives up: in one job names tell which attempt is the later one. Of two jobs whoever asked last counts as the later
 * one. If that is wrong, since an attempt of an older job was believed dead before its first answer came, that one aborts what its successor has prepared: the successor notices when it
 * commits, and fails with `MR6442`.
 */
import { superseded } from "../client/errors.ts";
import type { KafkaClient, ListedTransaction, ProducerIdentity } from "../client/kafka-client.ts";
import type { TaskCalls } from "../client/task-calls.ts";
import { earlierIds, earlierOwners, laterId, otherJobs, prefixesOf } from "./earlier-ids.ts";
import type { Predecessors } from "./earlier-ids.ts";
import type { Ownership } from "./ownership.ts";
import { idText } from "./sink-state.ts";

export interface SuccessionOptions extends Omit<Predecessors, "listed"> {
  readonly ownership: Ownership;
  readonly timeoutMs: () => number;
  readonly client: KafkaClient;
  readonly calls: TaskCalls;
  readonly fail: (error: Error) => void;
}

type Listed = readonly ListedTransaction[] | undefined;

/** Requests at a time while ids are taken over. */
const AT_ONCE = 5;

export class Succession {
  readonly #options: SuccessionOptions;

  constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** `then`: nothing of earlier attempts is open any more, and they begin nothing; nor do those of the jobs that are given, see `jobText`. */
  start(then: (past: readonly string[]) => void): void {
    this.#confirm(() =>
      this.#list((listed) => {
        const owners = earlierOwners({ ...this.#options, listed });
        const past = otherJobs({ ...this.#options, listed });
        const done = (): void => then(past);
        if (owners.length === 0) return this.#succeed(listed, done);
        return this.#confirm(() => this.takeOver(owners, () => this.#list((again) => this.#succeed(again, done))));
      }),
    );
  }

  /** What is open under these ids is aborted, and whoever has them is refused. */
  takeOver(ids: readonly string[], done: () => void): void {
    const { client, calls, timeoutMs } = this.#options;
    const waiting = [...ids];
    let open = 0;
    const go = (): void => {
      if (waiting.length === 0 && open === 0) return done();
      for (let id = next(); id !== undefined; id = next()) take(id);
    };
    const next = (): string | undefined => (open < AT_ONCE ? waiting.shift() : undefined);
    const take = (transactionalId: string): void => {
      open++;
      const taken = calls.answer<ProducerIdentity>(() => {
        open--;
        go();
      });
      client.initProducer({ transactional: { transactionalId, timeoutMs: timeoutMs() } }, taken);
    };
    go();
  }

  #succeed(listed: Listed, done: () => void): void {
    const ids = earlierIds({ ...this.#options, listed }).map(idText);
    if (ids.length === 0) return done();
    return this.#confirm(() => this.takeOver(ids, done));
  }

  #confirm(then: () => void): void {
    this.#options.ownership.confirm(then);
  }

  /** Prefix by prefix: a job that was renamed has left ids of its old one. */
  #list(then: (listed: Listed) => void): void {
    const { client, calls, fail } = this.#options;
    const known: ListedTransaction[] = [];
    const prefixes = [...prefixesOf(this.#options)];
    const next = (): void => {
      const prefix = prefixes.shift();
      if (prefix === undefined) {
        const later = laterId({ ...this.#options, listed: known });
        if (later === undefined) then(known);
        else fail(superseded(later));
        return;
      }
      const listed = calls.answer<Listed>((some) => {
        if (some === undefined) return then(undefined);
        known.push(...some);
        return next();
      });
      client.listTransactions(prefix, listed);
    };
    next();
  }
}
