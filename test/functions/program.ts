/**
 * Programs for functions: a message tells its receiver what to do, so that what there is to send, wait for, take back or fail at is a tree that was known from the start. The idea is that
 * of the original's own end-to-end test.
 *
 * In:    nothing. Out: the words of programs, plain data; `generate.ts` makes them, `messages.ts` reads off what there is, `program-functions.ts` carries them out.
 */

/**
 * `plain` answers at once, `slow` awaits something first, `shaky` throws now and then before it succeeds. Those that throw at what they are told to: `brittle` ones send such a message to the
 * dead letters, `frail` ones stop at it.
 */
export const KINDS = ["plain", "slow", "shaky", "brittle", "frail"] as const;
export type FunctionKind = (typeof KINDS)[number];

export interface Target {
  /** `nobody`: there is no such function. */
  readonly fn: FunctionKind | "nobody";
  readonly id: string;
}

/** `twin`: the address of the same id whose function is the next one. `caller`: who sent the message at hand; nobody, if it came from outside. */
export type Ref = Target | "self" | "twin" | "caller";

/** What a message does to the states that are there for nothing else. All of it depends on what was done before. */
export type StateChange =
  | { readonly state: "sum"; readonly op: "add" | "mul" | "xor"; readonly by: number }
  | { readonly state: "shelf"; readonly op: "set" | "delete" | "clear"; readonly key: string; readonly by: number }
  | { readonly state: "pile"; readonly op: "push" | "replace" | "clear"; readonly values: readonly number[] }
  | { readonly state: "card"; readonly op: "write" | "clear"; readonly by: number };

export type Token = "s" | "t";

/**
 * `burst`: that many messages at once. `ring`: a message that goes on from place to place. `transfer`: money, of which there is as much in the end as before.
 *
 * `after` arrives later, by the clock or the watermark; if it is to be taken back, by the turn that sent it (`at-once`) or by a message that comes later (`race`), it may never arrive. `schedule` and
 * `unschedule` do the same by tokens that all addresses use. `operation` runs something outside of the turn, and goes on with its body when it hears how that came out.
 *
 * `touch` writes states that expire. `linger`: a `slow` receiver takes that long when all is said. `poison` makes `brittle` and `frail` receivers throw each time, `ail` a `frail` one now and then.
 */
export type Command =
  | { readonly do: "send"; readonly to: Ref; readonly body: Body }
  | { readonly do: "burst"; readonly to: Ref; readonly count: number }
  | { readonly do: "ring"; readonly hops: number; readonly through: readonly Target[] }
  | { readonly do: "transfer"; readonly to: Exclude<Ref, "caller">; readonly amount: number }
  | {
      readonly do: "after";
      readonly ms: number;
      readonly by: "clock" | "watermark";
      readonly to: Ref;
      readonly body: Body;
      readonly takenBack?: "at-once" | "race";
    }
  | {
      readonly do: "schedule";
      readonly token: Token;
      readonly ms: number;
      readonly to: Ref;
      /** The one before is taken back first. Otherwise it is an error if that one still waits. */
      readonly replaces: boolean;
    }
  | { readonly do: "unschedule"; readonly token: Token }
  | { readonly do: "operation"; readonly ms: number; readonly fails: boolean; readonly body: Body }
  | { readonly do: "change"; readonly changes: readonly StateChange[] }
  | { readonly do: "touch" }
  | { readonly do: "linger"; readonly ms: number }
  | { readonly do: "poison" }
  | { readonly do: "ail" };

/** What a message tells its receiver. Every body has a name of its own, which its place in the tree gives it. */
export interface Body {
  readonly commands: readonly Command[];
  /** Money that comes with it. */
  readonly amount?: number;
}

/** Somebody from outside looks after the `frail` function of that id: if it has stopped, it is to try again, or to go on without the message. */
export interface Visit {
  readonly id: string;
  readonly how: "retry" | "skip";
}

export interface Program {
  /** By split: first messages, in order. */
  readonly splits: readonly (readonly { readonly to: Target; readonly body: Body }[])[];
  /** A split of their own, if there are any. */
  readonly visits: readonly Visit[];
  readonly onEndOfInput: "fire" | "wait";
  /** Left out: what the functions have by default. */
  readonly asyncOperationsMax?: number | undefined;
  readonly mailboxBytesMax?: number | undefined;
}

export function textOf({ fn, id }: Target): string {
  return `${fn} ${id}`;
}
