/** The Dispatcher and its gateway, with requests and answers as messages between them: each is answered once, those for another leader are refused, ended jobs are remembered. */
// covers: core/cluster/dispatcher-gateway.ts, core/cluster/dispatcher-messages.ts
import { beforeEach, describe, expect, test } from "vitest";
import { DispatcherGateway } from "../../../core/cluster/dispatcher-gateway.ts";
import { Dispatcher } from "../../../core/cluster/dispatcher.ts";
import type { JobRequest } from "../../../core/cluster/dispatcher-messages.ts";
import { Endpoint } from "../../../core/cluster/rpc/endpoint.ts";
import type { JobClient, JobResult, JobStatus } from "../../../core/index.ts";
import { ManualClock } from "../../harness/manual-clock.ts";

const TOKEN = 7;

/** A job that ends when the test says so. */
class FakeJob implements Pick<
  JobClient,
  "jobId" | "jobName" | "status" | "cancel" | "result" | "triggerSavepoint" | "stopWithSavepoint"
> {
  readonly jobName = "fake";
  readonly jobId: string;
  readonly #result: Promise<JobResult>;
  #status: JobStatus = "RUNNING";
  #settle: { resolve(result: JobResult): void; reject(error: Error): void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };

  constructor(jobId: string) {
    this.jobId = jobId;
    this.#result = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#result.catch(() => undefined);
  }

  status(): JobStatus {
    return this.#status;
  }

  result(): Promise<JobResult> {
    return this.#result;
  }

  finish(records: number): void {
    this.#status = "FINISHED";
    this.#settle.resolve({ jobId: this.jobId, records } as JobResult); // as much as the test looks at
  }

  fail(error: Error): void {
    this.#status = "FAILED";
    this.#settle.reject(error);
  }

  async cancel(): Promise<void> {
    this.#status = "CANCELED";
    this.#settle.reject(new Error("it was cancelled"));
  }

  triggerSavepoint({ directory = "" }: { readonly directory?: string } = {}): Promise<string> {
    return Promise.resolve(`${directory}/savepoint-1`);
  }

  stopWithSavepoint(options: { readonly directory?: string; readonly drain?: boolean } = {}): Promise<string> {
    this.finish(0);
    return Promise.resolve(`${options.directory ?? ""}/drain=${options.drain === true}`);
  }
}

class Bench {
  readonly clock = new ManualClock();
  readonly jobs: FakeJob[] = [];
  readonly requests: JobRequest[] = [];
  readonly #dispatcher: Dispatcher;
  /** Awaited before a job is built. */
  building: Promise<void> = Promise.resolve();

  constructor() {
    const endpoint = this.#endpoint();
    this.#dispatcher = new Dispatcher({
      token: TOKEN,
      endpoint,
      prepare: async (request) => {
        this.requests.push(request);
        await this.building;
        if (request.module === "broken") throw new TypeError("it is broken");
        return () => {
          const job = new FakeJob(`job-${this.jobs.length + 1}`);
          this.jobs.push(job);
          return { client: job as unknown as JobClient, config: { ...request.config, "parallelism.default": 3 } }; // it has what the Dispatcher uses
        };
      },
    });
    this.post = (message) => endpoint.post(message);
  }

  readonly post: (message: () => void) => void;

  #endpoint(): Endpoint {
    const onError = (error: unknown): void => {
      throw error;
    };
    return new Endpoint({ clock: this.clock, onError });
  }

  gateway(token: number = TOKEN): DispatcherGateway {
    const own = this.#endpoint();
    const gateway: DispatcherGateway = new DispatcherGateway({
      token,
      ask: (request) =>
        this.post(() => this.#dispatcher.handle(request, (answer) => own.post(() => gateway.answered(answer)))),
    });
    return gateway;
  }

  /** Lets messages and promises come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) {
      this.clock.runYielded();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What a call came to. */
  async of<T>(call: Promise<T>): Promise<T | string> {
    const settled = call.catch((error: unknown) => String(error));
    await this.settle();
    return settled;
  }
}

const REQUEST: JobRequest = { module: "file:///job.js", args: ["--n", "1"], config: {} };
let bench: Bench;
let gateway: DispatcherGateway;

beforeEach(() => {
  bench = new Bench();
  gateway = bench.gateway();
});

describe("a Dispatcher", () => {
  test("starts a job, and tells which there are and how they ended", async () => {
    expect(await bench.of(gateway.submit(REQUEST))).toEqual({ jobId: "job-1", config: { "parallelism.default": 3 } });
    expect(bench.requests).toEqual([REQUEST]);
    await bench.of(gateway.submit(REQUEST));
    const result = gateway.result("job-1");
    bench.jobs[0]?.finish(42);
    expect(await bench.of(result)).toMatchObject({ records: 42 });
    expect(await bench.of(gateway.result("job-1"))).toMatchObject({ records: 42 });
    expect(await bench.of(gateway.list())).toEqual([
      { jobId: "job-2", jobName: "fake", status: "RUNNING" },
      { jobId: "job-1", jobName: "fake", status: "FINISHED" },
    ]);
  });

  test("passes on what was wrong with a job, before and after it began", async () => {
    expect(await bench.of(gateway.submit({ ...REQUEST, module: "broken" }))).toBe("TypeError: it is broken");
    await bench.of(gateway.submit(REQUEST));
    bench.jobs[0]?.fail(new RangeError("boom"));
    expect(await bench.of(gateway.result("job-1"))).toBe("RangeError: boom");
    expect(await bench.of(gateway.result("job-1"))).toBe("RangeError: boom");
  });

  test("cancels, takes savepoints and stops", async () => {
    for (let count = 0; count < 2; count += 1) await bench.of(gateway.submit(REQUEST));
    expect(await bench.of(gateway.savepoint("job-1", { directory: "there" }))).toBe("there/savepoint-1");
    expect(await bench.of(gateway.stop("job-1", { directory: "there", drain: true }))).toBe("there/drain=true");
    expect(await bench.of(gateway.cancel("job-2"))).toBeUndefined();
    expect(await bench.of(gateway.result("job-2"))).toBe("Error: it was cancelled");
    // Whoever cancels twice gets what he wants; a savepoint of what has ended there is not.
    expect(await bench.of(gateway.cancel("job-2"))).toBeUndefined();
    expect(await bench.of(gateway.savepoint("job-1"))).toMatch(/MR7005: the job job-1 does not run any more/);
  });

  test.each(["cancel", "savepoint", "stop", "result"] as const)("knows of no other job: %s", async (what) => {
    expect(await bench.of<unknown>(gateway[what]("nobody"))).toMatch(/MR7017: there is no job nobody/);
  });

  test("refuses what is meant for another leader", async () => {
    expect(await bench.of(bench.gateway(TOKEN - 1).submit(REQUEST))).toMatch(
      /MR7016: this was meant for dispatcher 6, and dispatcher 7 is asked/,
    );
    expect(bench.requests).toEqual([]);
  });

  test("remembers the last 100 that have ended, and forgets the others", async () => {
    for (let count = 0; count < 101; count += 1) {
      await bench.of(gateway.submit(REQUEST));
      bench.jobs[count]?.finish(count);
    }
    await bench.settle();
    expect(await bench.of(gateway.result("job-1"))).toMatch(/MR7017/);
    expect(await bench.of(gateway.result("job-2"))).toMatchObject({ records: 1 });
    expect(await bench.of(gateway.list())).toHaveLength(100);
  });

  test("that is shut down ends all jobs, takes no more, and does not start what is being built", async () => {
    await bench.of(gateway.submit(REQUEST));
    let isBuilt = (): void => undefined;
    bench.building = new Promise((resolve) => (isBuilt = resolve));
    const late = gateway.submit(REQUEST).catch((error: unknown) => String(error));
    await bench.settle();
    expect(await bench.of(gateway.shutDown())).toBeUndefined();
    isBuilt();
    await bench.settle();
    expect(await late).toMatch(/MR7014/);
    expect(await bench.of(gateway.submit(REQUEST))).toMatch(/MR7014/);
    expect(bench.jobs.map((job) => job.status())).toEqual(["CANCELED"]);
  });
});

test("whoever waits for a Dispatcher that is lost hears of it, once", async () => {
  const cut = new DispatcherGateway({ token: TOKEN, ask: () => undefined });
  const waiting = cut.list().catch((error: unknown) => String(error));
  cut.lost(new Error("the wire broke"));
  cut.lost(new Error("again"));
  expect(await waiting).toMatch(/MR7018: the connection to the dispatcher was lost \(the wire broke\)/);
});
