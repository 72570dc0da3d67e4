/** A turn without an engine: state as a plain object, and everything that the handler asks for as lines of text. */
import type { FunctionContext } from "../../../statefun/define/function-context.ts";
import type { Address } from "../../../statefun/address.ts";

export interface FakeTurn {
  readonly context: FunctionContext;
  readonly log: string[];
}

export function fakeTurn(
  state: Record<string, unknown> = {},
  { self = { type: "a/self", id: "x" }, caller }: { self?: Address; caller?: Address | undefined } = {},
): FakeTurn {
  const log: string[] = [];
  const note = (...parts: readonly unknown[]): void => {
    log.push(parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join(" "));
  };
  const context: FunctionContext = {
    self,
    caller,
    state,
    metrics: undefined as never, // none of the handlers under test counts anything
    currentWatermarkMs: 0,
    processingTimeMs: () => 0,
    send: (...args: readonly unknown[]) => note("send", ...args),
    reply: (...args: readonly unknown[]) => note("reply", ...args),
    sendAfter: (...args: readonly unknown[]) => {
      note("sendAfter", ...args);
      return "token";
    },
    sendAt: (...args: readonly unknown[]) => {
      note("sendAt", ...args);
      return "token";
    },
    cancel: (token) => {
      note("cancel", token);
      return true;
    },
    async: (kind, metadata) => note("async", kind, metadata),
  };
  return { context, log };
}
