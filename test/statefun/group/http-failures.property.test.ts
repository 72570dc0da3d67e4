/**
 * Goal:   requests to functions whose turns fail: a key is applied once; committed replies to it agree; once all rests, whoever asked has an answer; once the function is repaired, every request is done.
 * Method: clients ask an address for turns that are quick, throw until somebody repairs the function, or wait; visits have stopped addresses try again or go on; what is too much for the mailboxes waits on
 *         disk; crashes go back to the last snapshot, with another number of subtasks. At the end the function is repaired, and everybody asks once more.
 * Replay: `MILLRACE_SEED=<seed> npx vitest run test/statefun/group/http-failures.property.test.ts`.
 */
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { HttpRequests } from "../../../statefun/group/http-requests.ts";
import { Mailboxes } from "../../../statefun/group/mailboxes.ts";
import { Overflow } from "../../../statefun/group/overflow.ts";
import { replay } from "../../harness/replay.ts";
import { BARE, HttpClients, IDS, KEYS } from "./http-clients.ts";

type Command =
  | { readonly kind: "ask"; readonly id: string; readonly text: string }
  | { readonly kind: "visit"; readonly id: string; readonly how: "$retry" | "$skip" }
  | { readonly kind: "repair"; readonly isRepaired: boolean }
  | { readonly kind: "step"; readonly channel: number }
  | { readonly kind: "rest" }
  | { readonly kind: "save" }
  | { readonly kind: "crash"; readonly parallelism: number };

const id = fc.constantFrom(...IDS);

const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant("ask" as const), id, text: fc.constantFrom(...KEYS, ...BARE) }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("step" as const), channel: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.constant({ kind: "rest" as const }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("visit" as const),
        id,
        how: fc.constantFrom("$retry" as const, "$skip" as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("repair" as const), isRepaired: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ kind: "save" as const }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("crash" as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
    },
  ),
  { maxLength: 60 },
);

async function run(clients: HttpClients, command: Command): Promise<void> {
  switch (command.kind) {
    case "ask":
      return void clients.ask(command.id, command.text);
    case "visit":
      return clients.visit(command.id, command.how);
    case "repair":
      return clients.setRepaired(command.isRepaired);
    case "step":
      return clients.step(command.channel);
    case "rest":
      await clients.rest();
      return expect(clients.unanswered()).toEqual([]);
    case "save":
      return clients.save();
    case "crash":
      return clients.crash(command.parallelism);
  }
}

/** Nothing fails any more, and everybody asks for everything. */
async function finish(clients: HttpClients): Promise<void> {
  await clients.rest();
  expect(clients.unanswered()).toEqual([]);
  clients.setRepaired(true);
  for (const address of IDS) clients.visit(address, "$retry");
  await clients.rest();
  const last = IDS.flatMap((address) => [...KEYS, ...BARE].map((text) => clients.ask(address, text)));
  await clients.rest();
  expect(last.map((asked) => [asked.text, clients.statusOf(asked)])).toEqual(last.map(({ text }) => [text, 200]));
  expect(clients.unanswered()).toEqual([]);
  clients.save();
}

function anyFailures(mailboxBytesMax: number | undefined): fc.IAsyncProperty<[Command[]]> {
  return fc.asyncProperty(commands, async (list) => {
    const clients = new HttpClients(mailboxBytesMax);
    for (const command of list) await run(clients, command);
    await finish(clients);
    for (const replies of clients.committed.values()) expect(replies.size).toBe(1);
    for (const address of IDS) expect((clients.applied(address) as string[]).toSorted()).toEqual(KEYS.toSorted());
  });
}

const PLACES = [
  ["in memory", undefined],
  ["a few in memory", 200],
  ["on disk", 1],
] as const;

test.each(PLACES)("keys are applied once and everybody is answered, with those that wait %s", (_, mailboxBytesMax) =>
  fc.assert(anyFailures(mailboxBytesMax), { numRuns: 150, ...replay }),
);

describe("which would be seen if", () => {
  afterEach(() => void vi.restoreAllMocks());

  const catches = async (mailboxBytesMax?: number): Promise<void> => {
    // Some need a few hundred tries; it ends with the first that shows it.
    const { failed } = await fc.check(anyFailures(mailboxBytesMax), { numRuns: 3_000, endOnFailure: true, ...replay });
    expect(failed).toBe(true);
  };

  test("nobody told those who wait behind a message that fails", () => {
    vi.spyOn(Mailboxes.prototype, "requestsBehindHead").mockImplementation(function* () {
      yield* [];
    });
    return catches();
  });

  test("those on disk were not told", () => {
    vi.spyOn(Overflow.prototype, "requestsOf").mockReturnValue([]);
    return catches(1);
  });

  test("a message that is skipped kept its key", () => {
    vi.spyOn(HttpRequests.prototype, "skipped").mockReturnValue();
    return catches();
  });
});
