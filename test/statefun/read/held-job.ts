/**
 * Jobs of functions that have handled all their input and then wait, so that what is saved then is known.
 *
 * In:    functions, and messages for them. Out: a client, once all messages were handled. Whoever tests says when that is: functions call `tick`.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { ConfigValues, JobClient } from "../../../core/index.ts";
import { addressOf, fn, ingress, module, router, statefunJob, type } from "../../../statefun/index.ts";
import type { StatefulFn, StatefulFunctionModule } from "../../../statefun/index.ts";

/** Counts what was handled. */
export class Arrivals {
  #count = 0;
  #awaited: { readonly count: number; readonly resolve: () => void } | undefined = undefined;

  readonly tick = (): void => {
    this.#count += 1;
    if (this.#count === this.#awaited?.count) this.#awaited.resolve();
  };

  reached(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaited = { count, resolve };
    });
  }
}

export interface Message {
  readonly to: StatefulFn<unknown>["type"];
  readonly id: string;
  readonly kind: string;
  readonly value: unknown;
}

const messages = ingress("test/messages", type<Message>());
const byAddress = router(messages, ({ to, id, kind, value }, downstream) => {
  downstream.forward(addressOf(to, id), kind, value);
});

/** Keeps the job from ending: it waits for the clock. */
const holder = fn("test/holder", {
  accepts: { hold: type<null>(), over: type<null>() },
  handle: {
    hold: (ctx) => void ctx.sendAfter("1d", ctx.self, "over", null),
    over: () => undefined,
  },
});

export interface HeldOptions {
  readonly functions: readonly StatefulFn<unknown>[];
  readonly messages: readonly Message[];
  readonly config?: ConfigValues;
  readonly modules?: readonly StatefulFunctionModule[];
  /** `fire`: it does not wait, and ends. Default: `wait`. */
  readonly onEndOfInput?: "wait" | "fire";
}

export function startHeld(options: HeldOptions): Promise<JobClient> {
  const { functions, messages: given, config = {}, modules = [], onEndOfInput = "wait" } = options;
  const own = module(() => [
    ...functions,
    holder,
    byAddress,
    messages.from((env) => env.fromData({ to: holder.type, id: "", kind: "hold", value: null }, ...given)),
  ]);
  const job = statefunJob("held", [own, ...modules], { onEndOfInput });
  const env = StreamExecutionEnvironment.create(config);
  void job.build(env, []);
  return env.executeAsync("held");
}

/** A directory that is there while the story lasts. */
export async function inDirectory<T>(story: (directory: string) => Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "millrace-read-")));
  try {
    return await story(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a held job until `count` messages were handled, saves it and ends it. Returns the savepoint's path. */
export async function savedAfter(
  options: HeldOptions & { readonly arrivals: Arrivals; readonly count: number; readonly directory: string },
): Promise<string> {
  const client = await startHeld(options);
  try {
    await options.arrivals.reached(options.count);
    return await client.triggerSavepoint({ directory: options.directory });
  } finally {
    await client.cancel();
  }
}
