/** Requests in front of a function of tests, which adds up: with a key and without, and what they are answered. */
import type { FunctionDefinition } from "../../../statefun/define/function-definition.ts";
import { HTTP_CALLER, HTTP_REPLIES, KEYED_KIND, keyedCallerId } from "../../../statefun/http-messages.ts";
import type { Reply } from "../../../statefun/http-messages.ts";
import { LoopHarness } from "./loop-harness.ts";
import type { LoopHarnessOptions } from "./loop-harness.ts";
import { makeFunction, valueState } from "./make-function.ts";

export const DAY_MS = 86_400_000;

export function start(options: LoopHarnessOptions): LoopHarness {
  return new LoopHarness({ keepHttpKeysMs: DAY_MS, ...options });
}

interface Asked {
  readonly kind?: string;
  readonly value?: unknown;
  readonly id?: string;
}

/** A request without a key. */
export function ask(loop: LoopHarness, request: string, { kind = "", value, id = "a" }: Asked = {}): void {
  loop.sendEnvelope({ to: "test/counter", id, from: HTTP_CALLER, fromId: request, kind, value });
  loop.run();
}

interface Keyed {
  readonly key: string;
  readonly value: unknown;
  readonly digest?: string;
  readonly id?: string;
}

/** The digest of a test is its value. */
export function askKeyed(
  loop: LoopHarness,
  request: string,
  { key, value, digest = String(value), id = "a" }: Keyed,
): void {
  const keyed = { key, digest, kind: "add", value };
  loop.sendEnvelope({ to: "test/counter", id, from: HTTP_CALLER, fromId: request, kind: KEYED_KIND, value: keyed });
  loop.run();
}

/** A promise that a test settles. */
export function makeGate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export function replies(loop: LoopHarness): Reply[] {
  return loop.out(HTTP_REPLIES) as Reply[];
}

/** Adds up, and replies with the sum; "bad" throws, "later" replies when it is told to. */
export function counter(options: Partial<FunctionDefinition> = {}): FunctionDefinition {
  return makeFunction(
    "test/counter",
    (ctx, kind, value) => {
      if (value === "bad") throw new TypeError("no number");
      ctx.state["sum"] = Number(ctx.state["sum"]) + Number(value);
      if (kind !== "silent") ctx.reply("sum", ctx.state["sum"]);
    },
    { state: [valueState("sum", 0)], ...options },
  );
}

export const callerOfA: string = keyedCallerId({ type: "test/counter", id: "a", key: "k" });
