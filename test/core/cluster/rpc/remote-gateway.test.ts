/** A call that becomes bytes is the same call at the other end: values, errors with all that they are, and their order. */
// covers: core/cluster/rpc/wire-error.ts
import { describe, expect, test } from "vitest";
import { makeCall, remoteGateway } from "../../../../core/cluster/rpc/remote-gateway.ts";
import type { WireCall } from "../../../../core/cluster/rpc/remote-gateway.ts";
import { fromWire, toWire } from "../../../../core/cluster/rpc/wire-error.ts";
import { isMillraceError, MillraceError } from "../../../../core/util/errors.ts";

interface Target {
  told(...args: unknown[]): void;
  failed(task: number, cause: Error): void;
}

function wired(): { readonly calls: WireCall[]; readonly gateway: Target; readonly heard: unknown[][] } {
  const calls: WireCall[] = [];
  const heard: unknown[][] = [];
  return { calls, heard, gateway: remoteGateway<Target>(["told", "failed"], (call) => calls.push(call)) };
}

describe("a remote gateway", () => {
  test("sends bytes, which are the call at the other end", () => {
    const { calls, gateway, heard } = wired();
    const args = [1, "two", undefined, new Map([["three", [3n]]]), { four: new Uint8Array([4]), gone: undefined }];
    gateway.told(...args);
    gateway.told();
    for (const call of calls) {
      expect(call).toBeInstanceOf(Uint8Array);
      makeCall({ told: (...received: unknown[]) => void heard.push(received) }, structuredClone(call));
    }
    expect(heard).toEqual([args, []]);
  });

  test("keeps what an error is", () => {
    const { calls, gateway } = wired();
    const cause = new MillraceError("MR3001", "it broke", { retryable: false, cause: new RangeError("too far") });
    gateway.failed(7, cause);
    let heard: Error | undefined;
    makeCall({ failed: (_task: number, error: Error) => (heard = error) }, calls[0] ?? new Uint8Array());
    expect(heard).toMatchObject({ code: "MR3001", retryable: false, message: "MR3001: it broke", stack: cause.stack });
    expect(isMillraceError(heard)).toBe(true);
    expect(heard?.cause).toMatchObject({ name: "RangeError", message: "too far" });
  });

  test("refuses at the caller what cannot travel, and sends nothing", () => {
    const { calls, gateway } = wired();
    expect(() => gateway.told({ run: () => 1 })).toThrow(/^MR4101: .*run/);
    expect(calls).toEqual([]);
  });
});

describe("errors on the wire", () => {
  test("are what was thrown, whatever that was", () => {
    expect(fromWire(toWire("just text"))).toMatchObject({ message: "just text" });
    expect(fromWire(toWire({ status: 404 })).message).toContain("404");
    expect(fromWire(toWire(new TypeError("no")))).toMatchObject({ name: "TypeError", message: "no" });
    expect(isMillraceError(fromWire(toWire(new TypeError("no"))))).toBe(false);
  });

  test("come to an end where causes are a circle", () => {
    const error = new Error("round");
    error.cause = error;
    let depth = 0;
    for (let at: unknown = fromWire(toWire(error)); at instanceof Error; at = at.cause) depth += 1;
    expect(depth).toBeGreaterThan(1);
    expect(depth).toBeLessThan(20);
  });

  test("survive a copy by a message", () => {
    const wire = structuredClone(toWire(new MillraceError("MR1234", "say", { cause: new Error("inner") })));
    expect(fromWire(wire)).toMatchObject({ code: "MR1234", retryable: true, message: "MR1234: say" });
  });
});
