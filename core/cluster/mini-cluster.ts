/**
 * A cluster in one process: TaskManagers whose slots are threads, and in the calling thread a ResourceManager, a Dispatcher, and a master for each job.
 *
 * In:   modules of jobs. Out: a client per job. State: the TaskManagers; the Dispatcher knows the jobs.
 */
import { pathToFileURL } from "node:url";
import type { JobClient } from "../api/job-client.ts";
import { SystemClock } from "../time/system-clock.ts";
import { Config, OPTIONS } from "../util/config.ts";
import type { ConfigValues } from "../util/config.ts";
import { asError, assert, MillraceError } from "../util/errors.ts";
import { buildJob } from "./build-job.ts";
import { DispatcherGateway } from "./dispatcher-gateway.ts";
import type { JobRequest } from "./dispatcher-messages.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { StartedJob } from "./dispatcher.ts";
import { importJob } from "./import-job.ts";
import { heartbeatTiming } from "./heartbeats.ts";
import type { HeartbeatTiming } from "./heartbeats.ts";
import { LocalJob } from "./local-job.ts";
import { onSlots } from "./on-slots.ts";
import { ProcessSpawner } from "./processes/process-spawner.ts";
import { ResourceManager } from "./resource-manager.ts";
import { Endpoint } from "./rpc/endpoint.ts";
import { inProcessGateway } from "./rpc/in-process.ts";
import type { Gateway } from "./rpc/in-process.ts";
import type { Spawner } from "./spawner.ts";
import { systemWorld } from "./system-world.ts";
import { TaskManager } from "./task-manager.ts";
import { ThreadSpawner } from "./threads/thread-spawner.ts";
import type { World } from "./world.ts";

export interface MiniClusterOptions {
  /** Default: 1. */
  readonly taskManagers?: number;
  /** Threads per TaskManager. Default: `taskmanager.numberOfTaskSlots`, where the cluster's options say it, else 1. */
  readonly slots?: number | undefined;
  /** Options of the cluster, and of jobs that do not set them. Default: none. */
  readonly config?: Config | ConfigValues;
}

export interface SubmitOptions {
  /** Arguments of the job. Default: none. */
  readonly args?: readonly string[];
  /** Options where the job does not set them, beside those of the cluster. Default: none. */
  readonly config?: ConfigValues;
}

/** A job that runs, with the options that it has set. */
export interface Submitted {
  readonly client: JobClient;
  readonly config: Config;
}

/**
 * Runs jobs on threads of this process, as `millrace run --slots` does.
 *
 * Shape:  a running cluster; `await cluster.submit(new URL("job.js", import.meta.url))` gives the client of a job, `await cluster.close()` ends everything.
 * Units:  a slot is a thread, or with `taskmanager.slot.isolation: process` a process, and runs one subtask of each operator; a job needs as many as its highest parallelism, and waits while there are fewer.
 * Cost:   a thread takes about 30 ms to start and 10 MB, and imports the job's module by itself.
 * Errors: `MR7013` a number of TaskManagers or slots that is none.
 * Source: Flink's `MiniCluster`.
 *
 * @example
 * const cluster = new MiniCluster({ slots: 2 });
 * console.log(cluster.taskManagers());
 * await cluster.close();
 */
export class MiniCluster {
  readonly #config: Config;
  readonly #slots: number;
  readonly #world: World;
  readonly #spawner: Spawner;
  /** Of the heartbeats between the ResourceManager and TaskManagers. */
  readonly #timing: HeartbeatTiming;
  readonly #resourceManager: Gateway<ResourceManager>;
  readonly #taskManagers: Map<string, TaskManager>;
  readonly #dispatcher: Dispatcher;
  readonly #jobs: DispatcherGateway;
  /** Of jobs that have just begun, until whoever submitted them hears of it. */
  readonly #clients: Map<string, JobClient>;
  #started: number;
  #isClosed: boolean;

  constructor({ taskManagers = 1, slots, config = {} }: MiniClusterOptions = {}) {
    this.#config = config instanceof Config ? config : new Config(config);
    this.#slots = slots ?? Math.abs(this.#config.get(OPTIONS.slots)); // -1: not said
    checkCount("taskManagers", taskManagers, 0);
    checkCount("slots", this.#slots, 1);
    this.#world = systemWorld();
    this.#spawner = createSpawner(this.#config);
    this.#timing = {
      // A cluster that nobody has closed does not keep the process alive once its jobs are over.
      clock: new SystemClock({ isBackground: true }),
      ...heartbeatTiming(this.#config),
      forgivesOwnStalls: true,
    };
    const resourceManager = new ResourceManager({
      timing: this.#timing,
      warn: (line) => this.#world.warn(`millrace: ${line}`),
    });
    this.#resourceManager = inProcessGateway(this.#endpoint(), resourceManager);
    this.#taskManagers = new Map();
    const dispatcherEndpoint = this.#endpoint();
    this.#dispatcher = new Dispatcher({
      token: TOKEN,
      endpoint: dispatcherEndpoint,
      prepare: (request) => this.#prepare(request),
    });
    this.#jobs = this.#reach(dispatcherEndpoint);
    this.#clients = new Map();
    this.#started = 0;
    this.#isClosed = false;
    for (let count = 0; count < taskManagers; count += 1) this.addTaskManager();
  }

  /** Names of those that are there. */
  taskManagers(): readonly string[] {
    return [...this.#taskManagers.keys()];
  }

  /** Jobs that wait for slots may go on. Returns its name. */
  addTaskManager(): string {
    this.#checkOpen();
    this.#started += 1;
    const id = `taskmanager-${this.#started}`;
    const endpoint = this.#endpoint();
    const { clock } = this.#world;
    const taskManager = new TaskManager({
      id,
      slots: this.#slots,
      clock,
      spawner: this.#spawner,
      endpoint,
      resourceManager: this.#resourceManager,
      timing: this.#timing,
    });
    this.#taskManagers.set(id, taskManager);
    taskManager.register();
    return id;
  }

  /** @internal Ends one thread, as if it had died; the slot stays, and another thread takes its place. */
  killSlot(id: string, slot: number): void {
    this.#taskManagers.get(id)?.killSlot(slot);
  }

  /** Ends its threads at once, as if the process had died. Jobs that run there start again elsewhere, or wait. Settles when the threads are gone. */
  async killTaskManager(id: string): Promise<void> {
    const taskManager = this.#taskManagers.get(id);
    if (taskManager === undefined) return;
    this.#taskManagers.delete(id);
    this.#resourceManager.unregister(id);
    await new Promise<void>((resolve) => {
      taskManager.terminate(resolve);
    });
  }

  /**
   * Runs the job that a module exports. The module is imported here, and by every thread that takes part in the job.
   *
   * Shape:  a promise of the client; the job starts once there are slots for it.
   * Errors: `MR2104` the module cannot be loaded, `MR2103` it exports no job, `MR2109` and `MR2113` it cannot be built, and those of a graph that cannot run; `MR7014` the cluster is closed.
   * Source: own.
   *
   * @example
   * export async function countWords(cluster: MiniCluster): Promise<number> {
   *   const job = await cluster.submit(new URL("word-count.js", import.meta.url), { args: ["--lines", "1000"] });
   *   return (await job.result()).records;
   * }
   */
  async submit(module: string | URL, options: SubmitOptions = {}): Promise<JobClient> {
    const { href } = module instanceof URL ? module : pathToFileURL(module);
    const { client } = await this.submitModule(href, options);
    return client;
  }

  /** @internal With the options that the job has set, too. */
  async submitModule(module: string, { args = [], config = {} }: SubmitOptions): Promise<Submitted> {
    const { jobId, config: values } = await this.#jobs.submit({ module, args, config });
    const client = this.#clients.get(jobId);
    assert(client !== undefined, "a job is started once, and has a client then");
    this.#clients.delete(jobId);
    return { client, config: new Config(values) };
  }

  /** Cancels the jobs that are not over, and ends all threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#jobs.shutDown();
    await Promise.all(this.taskManagers().map((id) => this.killTaskManager(id)));
  }

  /** What the Dispatcher does with a request: the module is imported in this process, and its graph built here, too. */
  async #prepare({ module, args, config }: JobRequest): Promise<() => StartedJob> {
    const job = await importJob(module, module);
    const merged = new Config({ ...this.#config.toValues(), ...config });
    const env = await buildJob(job, { jobArguments: args, config: merged });
    const placement = onSlots({ resourceManager: this.#resourceManager, module, args, config: merged.toValues() });
    return () => {
      const client = env.executeOn((submission) => new LocalJob(submission, this.#world, placement), job.name);
      this.#clients.set(client.jobId, client);
      return { client, config: env.config.toValues() };
    };
  }

  /** The one Dispatcher that there is. */
  #reach(endpoint: Endpoint): DispatcherGateway {
    const own = this.#endpoint();
    const gateway: DispatcherGateway = new DispatcherGateway({
      token: TOKEN,
      ask: (request) =>
        endpoint.post(() => this.#dispatcher.handle(request, (answer) => own.post(() => gateway.answered(answer)))),
    });
    return gateway;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new MillraceError("MR7014", "the cluster is closed: make another one");
  }

  #endpoint(): Endpoint {
    const onError = (error: unknown): void =>
      assert(false, `an endpoint of the cluster failed: ${asError(error).stack ?? ""}`);
    return new Endpoint({ clock: this.#world.clock, onError });
  }
}

function createSpawner(config: Config): Spawner {
  const heap = config.get(OPTIONS.slotHeap);
  const options = { heapMb: heap === 0 ? undefined : heap };
  return config.get(OPTIONS.slotIsolation) === "process" ? new ProcessSpawner(options) : new ThreadSpawner(options);
}

/** Nobody else ever leads here. */
const TOKEN = 1;

function checkCount(what: string, count: number, min: number): void {
  if (Number.isSafeInteger(count) && count >= min) return;
  throw new MillraceError("MR7013", `${what} must be a whole number of ${min} or more, not ${count}`);
}
