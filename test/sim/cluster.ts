/**
 * A simulated deployment of one job: a master and a standby that takes over when it is lost, slots that are started again, storage and election beside them.
 *
 * In:   a job, as a function that builds its graph in each process; what happens to processes. Out: how it ends.
 * State: the processes. What outlives them is on the disk and with the election.
 */
import type { JobPhaseName } from "../../core/cluster/job-master.ts";
import type { JobGraph } from "../../core/graph/job-graph-types.ts";
import type { Config } from "../../core/util/config.ts";
import type { MillraceError } from "../../core/util/errors.ts";
import { asError } from "../../core/util/errors.ts";
import type { Random } from "../../core/util/random.ts";
import type { LiveChecker } from "./checkers/checker.ts";
import type { SimDisk } from "./disk.ts";
import type { KeptOutcome, SimElection } from "./election.ts";
import type { History } from "./history.ts";
import { MasterProcess } from "./master-process.ts";
import type { SimNetwork } from "./network.ts";
import type { SimScheduler } from "./scheduler.ts";
import { SlotProcess } from "./slot-process.ts";

export interface ClusterOptions {
  readonly scheduler: SimScheduler;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly disk: SimDisk;
  readonly election: SimElection;
  readonly history: History;
  readonly live: readonly LiveChecker[];
  readonly config: Config;
  readonly jobName: string;
  /** Tells the files of its masters from those of other jobs. */
  readonly jobId: string;
  /** On the disk, where everything of it lies. */
  readonly directory: string;
  /** Relative to it. */
  readonly restoreFrom: string | undefined;
  readonly slots: number;
  readonly recordsPerStep: number;
  readonly slowMs: number | undefined;
  /** Nothing goes wrong any more: who cannot start now never will. */
  isHealed(): boolean;
  /** Called once in each process. */
  buildGraph(): JobGraph;
}

/** How long until somebody else leads. */
const ELECTION_MS = 3_000;
const SLOT_RESTART_MS = 1_000;
/** After so many masters could not start in a row, none will. */
const REFUSALS_MAX = 5;

export class Cluster {
  readonly options: ClusterOptions;
  readonly warnings: string[] = [];
  readonly #slots: SlotProcess[];
  readonly #masters = new Map<number, MasterProcess>();
  #master: MasterProcess;
  #incarnations = 0;
  #refusals = 0;
  #restarts = 0;
  #refusal: MillraceError | undefined = undefined;
  #isOver = false;
  readonly #watchers = new Set<() => void>();

  constructor(options: ClusterOptions) {
    this.options = options;
    this.#slots = Array.from(
      { length: options.slots },
      (_, index) => new SlotProcess(this, `${options.jobId}/slot-${index}`),
    );
    this.#master = this.#elect();
  }

  /** The job is over, or will never start. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get outcome(): KeptOutcome | undefined {
    return this.options.election.outcome;
  }

  /** Why no master can start. */
  get refusal(): MillraceError | undefined {
    return this.#refusal;
  }

  /** How often the job was started again, by all masters. */
  get restarts(): number {
    return this.#restarts;
  }

  get leader(): MasterProcess {
    return this.#master;
  }

  slots(): readonly SlotProcess[] {
    return this.#slots;
  }

  /** Undefined: it is not there any more. */
  master(token: number): MasterProcess | undefined {
    const master = this.#masters.get(token);
    return master?.process.isDead === true ? undefined : master;
  }

  /** The process that an offer comes from, if that is still the one. */
  slotOf(offer: string): SlotProcess | undefined {
    return this.#slots.find((slot) => slot.process.name === offer.replace(/#.*/, ""));
  }

  crashSlot(index: number): void {
    const slot = this.#slots[index];
    if (slot === undefined || slot.process.isDead) return;
    slot.process.die();
    this.options.network.gone(slot.process);
    this.options.scheduler.at(undefined, SLOT_RESTART_MS, () => {
      if (this.#isOver || this.#slots[index] !== slot) return;
      this.#incarnations += 1;
      const started = new SlotProcess(this, `${this.options.jobId}/slot-${index}.${this.#incarnations}`);
      this.#slots[index] = started;
      this.#announceTo(started);
    });
  }

  crashMaster(): void {
    const dead = this.#master;
    if (dead.process.isDead) return;
    dead.process.die();
    this.options.network.gone(dead.process);
    this.#takeOverFrom(dead);
  }

  /** It goes on later; if it was away for too long, another leads by then, and it hears of that a while after. */
  pause(process: MasterProcess | SlotProcess, durationMs: number): void {
    const { scheduler } = this.options;
    process.process.pause();
    scheduler.at(undefined, durationMs, () => process.process.resume());
    if (!(process instanceof MasterProcess) || durationMs < ELECTION_MS) return;
    this.#takeOverFrom(process);
    scheduler.at(undefined, Math.max(durationMs, ELECTION_MS) + this.options.random.next() * 2_000, () =>
      this.#depose(process),
    );
  }

  /** What a master says of itself. */
  phase(phase: JobPhaseName): void {
    if (phase === "restarting") this.#restarts += 1;
    if (phase === "running") this.#refusals = 0;
  }

  /** Called when the job is over. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** It cannot start. The next one tries, unless that is hopeless. */
  refused(master: MasterProcess, error: MillraceError): void {
    if (master !== this.#master) return;
    this.warn(`${master.process.name} cannot start: ${error.message}`);
    if (this.options.isHealed()) this.#refusals += 1;
    if (this.#refusals < REFUSALS_MAX) return this.crashMaster();
    this.#refusal = error;
    this.#over();
  }

  /** Everything is closed. */
  ended(master: MasterProcess): void {
    if (master === this.#master) this.#over();
  }

  /** Nobody foresaw it: a bug. */
  broken(where: string, error: unknown): void {
    throw new Error(`${where}: ${asError(error).message}`, { cause: error });
  }

  warn(line: string): void {
    this.warnings.push(`${this.options.scheduler.nowMs.toFixed(0)} ${line}`);
  }

  /** Everything dies, and nobody starts it again. */
  kill(): void {
    this.#isOver = true;
    for (const { process } of [...this.#slots, ...this.#masters.values()]) {
      process.die();
      this.options.network.gone(process);
    }
    for (const watcher of this.#watchers) watcher();
  }

  #elect(): MasterProcess {
    const { election, scheduler } = this.options;
    const master = new MasterProcess(this, election.elect());
    this.#masters.set(master.token, master);
    this.#master = master;
    scheduler.soon(master.process, () => master.start());
    for (const slot of this.#slots) this.#announceTo(slot);
    return master;
  }

  /** The news of the election takes its time. */
  #announceTo(slot: SlotProcess): void {
    const { scheduler, random } = this.options;
    const master = this.#master;
    scheduler.at(slot.process, random.next() * 100, () => slot.leads(master.token, master));
  }

  #takeOverFrom(lost: MasterProcess): void {
    this.options.scheduler.at(undefined, ELECTION_MS, () => {
      if (this.#isOver || this.#master !== lost) return;
      if (this.options.election.outcome !== undefined) return this.#over();
      this.#elect();
    });
  }

  #depose(master: MasterProcess): void {
    if (master.process.isDead || master === this.#master) return;
    master.process.die();
    this.options.network.gone(master.process);
  }

  #over(): void {
    this.#isOver = true;
    for (const watcher of this.#watchers) watcher();
  }
}
