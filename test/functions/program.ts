/**
 * Programs for functions, by chance: a message carries what its receiver is to do, and so what there is to send, wait for, take back or fail at is a tree that was known
 * from the start. The idea is that of the original's own end-to-end test.
 *
 * In:    choices of fast-check. Out: plain data, and what has to be visible in the end. Nobody computes what the runtime would do: every command that arrives says its name
 *        once, wherever and whenever that is.
 */
import fc from "fast-check";
import { outcomeOf } from "../sim/pipelines/outcome.ts";
import type { Outcome } from "../sim/pipelines/outcome.ts";
import type { Out, UpTo } from "../sim/pipelines/pipeline.ts";

/** `plain` answers at once, `slow` awaits something first, `shaky` throws now and then before it succeeds, `brittle` throws at what it is told to. */
export const KINDS = ["plain", "slow", "shaky", "brittle"] as const;
export type FunctionKind = (typeof KINDS)[number];

export interface Target {
  readonly fn: FunctionKind;
  readonly id: string;
}

/**
 * `after` arrives later; if it is to be taken back, by the turn that sent it (`at-once`) or by a message that comes later (`race`), it may never arrive. `operation` runs something outside of
 * the turn. `poison` makes a `brittle` receiver throw each time.
 */
export type Command =
  | { readonly do: "send"; readonly to: Target; readonly body: Body }
  | {
      readonly do: "after";
      readonly ms: number;
      readonly to: Target;
      readonly body: Body;
      readonly takenBack?: "at-once" | "race";
    }
  | { readonly do: "operation"; readonly ms: number; readonly fails: boolean; readonly body: Body }
  | { readonly do: "poison" };

/** What a message tells its receiver. Every body has a name of its own, which its place in the tree gives it. */
export interface Body {
  readonly commands: readonly Command[];
}

export interface Program {
  /** By split: first messages, in order. */
  readonly splits: readonly (readonly { readonly to: Target; readonly body: Body }[])[];
}

const target: fc.Arbitrary<Target> = fc.record({
  fn: fc.constantFrom<FunctionKind>("plain", "plain", "plain", "slow", "shaky", "brittle"),
  id: fc.constantFrom("a", "b", "c", "d", "e"),
});

/** Deep ones are narrow. */
function bodies(depth: number): fc.Arbitrary<Body> {
  const inner = depth === 0 ? fc.constant<Body>({ commands: [] }) : bodies(depth - 1);
  const send = fc.record({ do: fc.constant("send" as const), to: target, body: inner });
  const after = fc.record(
    {
      do: fc.constant("after" as const),
      ms: fc.constantFrom(0, 3, 400, 2_000),
      to: target,
      body: fc.constant<Body>({ commands: [] }),
      takenBack: fc.constantFrom("at-once" as const, "race" as const),
    },
    { requiredKeys: ["do", "ms", "to", "body"] },
  );
  const operation = fc.record({
    do: fc.constant("operation" as const),
    ms: fc.constantFrom(0, 50, 700),
    fails: fc.boolean(),
    body: fc.constant<Body>({ commands: [] }),
  });
  const command: fc.Arbitrary<Command> = fc.oneof(
    { weight: 12, arbitrary: send },
    { weight: 3, arbitrary: after },
    { weight: 1, arbitrary: operation },
    { weight: 1, arbitrary: fc.constant<Command>({ do: "poison" }) },
  );
  return fc.record({ commands: fc.array(command, { maxLength: depth === 0 ? 0 : 3 }) });
}

export const programs: fc.Arbitrary<Program> = fc.record({
  splits: fc.array(fc.array(fc.record({ to: target, body: bodies(4) }), { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  }),
});

/** Whether a receiver of that kind throws at a message for good. */
export function isRefused({ fn }: Target, { commands }: Body): boolean {
  return fn === "brittle" && commands.some((command) => command.do === "poison");
}

/** The names of what a body makes. */
export function nameOf(parent: string, index: number): string {
  return `${parent}.${index}`;
}

/** Where a message, or that it was taken back, is told. Once, whichever of the two happens. */
export function told(name: string): Out {
  return { lane: "~once", value: name };
}

/** Messages between two addresses come in the order in which they were sent: the lane of a pair holds their numbers. */
export function pairLane(from: string, to: Target): string {
  return `${from} > ${textOf(to)}`;
}

export function textOf({ fn, id }: Target): string {
  return `${fn} ${id}`;
}

/** What an address tells of a message that it applies, the count-th. */
export function arrivalAt(at: Target, name: string, count: number): readonly Out[] {
  return [
    { lane: `~at ${textOf(at)}`, value: name },
    { lane: `count ${textOf(at)}`, value: count },
  ];
}

/** By walking the trees. */
class Expectation {
  readonly written: Out[] = [];
  readonly #counts = new Map<string, number>();

  /** `from`: who has sent it in order with others; undefined: it comes when its time has come. */
  arrive(to: Target, body: Body, { name, from }: { readonly name: string; readonly from: string | undefined }): void {
    if (isRefused(to, body)) {
      this.written.push({ lane: "~dead", value: name });
      return;
    }
    this.written.push(told(name), ...arrivalAt(to, name, this.#next(textOf(to))));
    if (from !== undefined && to.fn !== "brittle") {
      const lane = pairLane(from, to);
      this.written.push({ lane, value: this.#next(lane) });
    }
    for (const [index, command] of body.commands.entries()) this.#follow(to, command, nameOf(name, index));
  }

  #follow(sender: Target, command: Command, name: string): void {
    if (command.do === "send") this.arrive(command.to, command.body, { name, from: textOf(sender) });
    else if (command.do === "after" && command.takenBack === undefined)
      this.arrive(command.to, command.body, { name, from: undefined });
    else if (command.do !== "poison") this.written.push(told(name));
  }

  #next(name: string): number {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }
}

export function expectedOf({ splits }: Program, upTo?: UpTo): Outcome {
  const expectation = new Expectation();
  for (const [split, messages] of splits.entries()) {
    for (const [at, { to, body }] of messages.slice(0, upTo?.get(`program-${split}`)).entries())
      expectation.arrive(to, body, { name: `${split}/${at}`, from: `split ${split}` });
  }
  return outcomeOf(expectation.written);
}
