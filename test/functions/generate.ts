/**
 * Programs by chance, as fast-check arbitraries: they shrink to few messages that do little.
 *
 * Most programs know only some of the commands and some of the functions, so that in many runs a few things happen often.
 */
import fc from "fast-check";
import { KINDS } from "./program.ts";
import type { Body, Command, FunctionKind, Program, Ref, StateChange, Target, Token } from "./program.ts";

interface Shape {
  readonly kinds: readonly FunctionKind[];
  readonly ids: readonly string[];
  /** Commands beside `send`. */
  readonly words: readonly Word[];
}

const WORDS = [
  "burst",
  "ring",
  "transfer",
  "after",
  "tokens",
  "operation",
  "change",
  "touch",
  "linger",
  "poison",
  "ail",
  "nobody",
  "reply",
] as const;
type Word = (typeof WORDS)[number];

const EMPTY: Body = { commands: [] };
const NONE: fc.Arbitrary<Body> = fc.constant(EMPTY);
const TOKENS: fc.Arbitrary<Token> = fc.constantFrom<Token>("s", "t");
const SOON_MS: fc.Arbitrary<number> = fc.constantFrom(0, 3, 50, 400, 2_000);
/** Often while the next turn of its sender is under way. */
const OFTEN_MS: fc.Arbitrary<number> = fc.constantFrom(3, 35, 50, 400, 2_000);
const KEYS = fc.constantFrom("x", "y", "z");
const SMALL = fc.integer({ min: -9, max: 9 });

const stateChanges: fc.Arbitrary<StateChange> = fc.oneof(
  fc.record({
    state: fc.constant("sum"),
    op: fc.constantFrom("add" as const, "mul" as const, "xor" as const),
    by: SMALL,
  }),
  fc.record({
    state: fc.constant("shelf"),
    op: fc.constantFrom("set" as const, "set" as const, "set" as const, "delete" as const, "clear" as const),
    key: KEYS,
    by: SMALL,
  }),
  fc.record({
    state: fc.constant("pile"),
    op: fc.constantFrom("push" as const, "push" as const, "push" as const, "replace" as const, "clear" as const),
    values: fc.array(SMALL, { maxLength: 3 }),
  }),
  fc.record({
    state: fc.constant("card"),
    op: fc.constantFrom("write" as const, "write" as const, "clear" as const),
    by: SMALL,
  }),
);

/** The first id is the busiest. */
function targets({ kinds, ids }: Shape): fc.Arbitrary<Target> {
  return fc.record({ fn: fc.constantFrom(...kinds), id: fc.constantFrom(...ids, ...ids.slice(0, 1)) });
}

/** Where there is always somebody. */
function places(shape: Shape): fc.Arbitrary<Exclude<Ref, "caller">> {
  return fc.oneof(
    { weight: 6, arbitrary: targets(shape) },
    { weight: 1, arbitrary: fc.constant("self" as const) },
    { weight: 1, arbitrary: fc.constant("twin" as const) },
  );
}

/** Deep ones are narrow. */
function bodies(shape: Shape, depth: number): fc.Arbitrary<Body> {
  if (depth === 0) return NONE;
  return fc.record({ commands: fc.array(commands(shape, bodies(shape, depth - 1)), { maxLength: 3 }) });
}

function commands(shape: Shape, inner: fc.Arbitrary<Body>): fc.Arbitrary<Command> {
  const to = places(shape);
  const send = fc.record({ do: fc.constant("send" as const), to, body: inner });
  const said = shape.words.flatMap((word) => sayings(word, { shape, to, inner }));
  return fc.oneof({ weight: 10, arbitrary: send }, ...said);
}

interface Parts {
  readonly shape: Shape;
  readonly to: fc.Arbitrary<Exclude<Ref, "caller">>;
  readonly inner: fc.Arbitrary<Body>;
}

function sayings(word: Word, parts: Parts): readonly fc.WeightedArbitrary<Command>[] {
  switch (word) {
    case "burst":
    case "ring":
    case "transfer":
    case "nobody":
    case "reply":
      return [sendings(word, parts)];
    case "after":
    case "tokens":
    case "operation":
      return delays(word, parts);
    case "change":
      return [
        {
          weight: 4,
          arbitrary: fc.record({
            do: fc.constant("change" as const),
            changes: fc.array(stateChanges, { minLength: 1, maxLength: 5 }),
          }),
        },
      ];
    case "touch":
      return [{ weight: 5, arbitrary: fc.constant({ do: "touch" as const }) }];
    case "linger":
      return [
        { weight: 2, arbitrary: fc.record({ do: fc.constant("linger" as const), ms: fc.constantFrom(50, 400, 900) }) },
      ];
    case "poison":
    case "ail":
      return [{ weight: 1, arbitrary: fc.constant<Command>({ do: word }) }];
  }
}

function sendings(
  word: "burst" | "ring" | "transfer" | "nobody" | "reply",
  { shape, to, inner }: Parts,
): fc.WeightedArbitrary<Command> {
  switch (word) {
    case "burst":
      return {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant("burst" as const), to, count: fc.integer({ min: 1, max: 20 }) }),
      };
    case "ring": {
      const through = fc.array(targets(shape), { minLength: 1, maxLength: 4 });
      return {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant("ring" as const), hops: fc.integer({ min: 1, max: 20 }), through }),
      };
    }
    case "transfer":
      return {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant("transfer" as const), to, amount: fc.integer({ min: 1, max: 99 }) }),
      };
    case "nobody": {
      const nobody = fc.record({ fn: fc.constant("nobody" as const), id: fc.constantFrom(...shape.ids) });
      return { weight: 1, arbitrary: fc.record({ do: fc.constant("send" as const), to: nobody, body: NONE }) };
    }
    case "reply":
      return {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant("send" as const), to: fc.constant("caller" as const), body: inner }),
      };
  }
}

function delays(
  word: "after" | "tokens" | "operation",
  { to, inner }: Parts,
): readonly fc.WeightedArbitrary<Command>[] {
  if (word === "operation") {
    const operation = {
      do: fc.constant("operation" as const),
      ms: fc.constantFrom(0, 50, 700),
      fails: fc.boolean(),
      body: inner,
    };
    return [{ weight: 2, arbitrary: fc.record(operation) }];
  }
  if (word === "tokens") {
    const schedule = {
      do: fc.constant("schedule" as const),
      token: TOKENS,
      ms: OFTEN_MS,
      to,
      replaces: fc.constantFrom(true, true, true, false),
    };
    return [
      { weight: 4, arbitrary: fc.record(schedule) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("unschedule" as const), token: TOKENS }) },
    ];
  }
  const after = {
    do: fc.constant("after" as const),
    ms: SOON_MS,
    by: fc.constantFrom("clock" as const, "watermark" as const),
    to,
  };
  const takenBack = fc.constantFrom("at-once" as const, "race" as const, "race" as const);
  return [
    { weight: 3, arbitrary: fc.record({ ...after, body: inner }) },
    { weight: 2, arbitrary: fc.record({ ...after, body: NONE, takenBack }) },
  ];
}

function programsOf(shape: Shape): fc.Arbitrary<Program> {
  const first = fc.record({ to: targets(shape), body: bodies(shape, 4) });
  const visit = fc.record({
    id: fc.constantFrom(...shape.ids),
    how: fc.constantFrom("retry" as const, "retry" as const, "skip" as const),
  });
  const hasVisits = shape.kinds.includes("frail");
  return fc.record({
    splits: fc.array(fc.array(first, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
    visits: hasVisits ? fc.array(visit, { maxLength: 12 }) : fc.constant([]),
    onEndOfInput: fc.constantFrom("fire" as const, "fire" as const, "wait" as const),
    asyncOperationsMax: fc.constantFrom(undefined, undefined, 1, 2),
    mailboxBytesMax: fc.constantFrom(undefined, undefined, 200),
  });
}

const IDS = ["a", "b", "c", "d", "e", "f", "g"] as const;

const shapes: fc.Arbitrary<Shape> = fc.record({
  kinds: fc.oneof(
    { weight: 3, arbitrary: fc.subarray([...KINDS], { minLength: 1 }) },
    { weight: 1, arbitrary: fc.constant([...KINDS]) },
  ),
  ids: fc.integer({ min: 1, max: IDS.length }).map((count) => IDS.slice(0, count)),
  words: fc.oneof({ weight: 3, arbitrary: fc.subarray([...WORDS]) }, { weight: 1, arbitrary: fc.constant([...WORDS]) }),
});

export const programs: fc.Arbitrary<Program> = shapes.chain(programsOf);
