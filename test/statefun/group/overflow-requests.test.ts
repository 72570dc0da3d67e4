/** Which requests wait on disk: those whose messages were put off and not taken again, the newest of them at least. */
// covers: statefun/group/overflow.ts
import { expect, test } from "vitest";
import type { Backlog } from "../../../core/network/backlog.ts";
import type { Envelope } from "../../../statefun/envelope.ts";
import { HTTP_CALLER } from "../../../statefun/http-messages.ts";
import { Overflow } from "../../../statefun/group/overflow.ts";

const TYPE = "test/counter";
const AT_ONCE = 7;

/** A queue in memory, which gives back a few at a time. */
function queue(): Backlog {
  const waiting: unknown[] = [];
  const plain: Pick<Backlog, "push" | "shift" | "seal" | "length"> = {
    push: (value) => void waiting.push(value),
    shift: ({ values }) => values.push(...waiting.splice(0, AT_ONCE)),
    seal: () => undefined,
    get length() {
      return waiting.length;
    },
  };
  return plain as Backlog; // all that is used of it
}

function overflow(): Overflow {
  return new Overflow({ open: queue, close: () => undefined });
}

function push(to: Overflow, from: Envelope["from"], fromId: string): void {
  to.push(TYPE, { to: TYPE, id: "a", from, fromId, kind: "add", value: 1 }, 0, 100);
}

function requests(of: Overflow): readonly string[] {
  return of.requestsOf(TYPE, "a").map(({ fromId }) => fromId);
}

test("requests are known in their order, and no longer than their messages are put off", () => {
  const waiting = overflow();
  for (let n = 0; n < 10; n += 1) {
    push(waiting, HTTP_CALLER, `r${n}`);
    push(waiting, "test/other", `f${n}`);
  }
  expect(requests(waiting)).toEqual(Array.from({ length: 10 }, (_, n) => `r${n}`));
  waiting.take(TYPE, "a");
  expect(requests(waiting), "four of the seven").toEqual(Array.from({ length: 6 }, (_, n) => `r${n + 4}`));
  while (waiting.take(TYPE, "a").length > 0);
  expect(requests(waiting)).toEqual([]);
});

test("of more than can be open only the newest are known, and each leaves with its own message", () => {
  const waiting = overflow();
  const [all, known] = [10_020, 10_000];
  for (let n = 0; n < all; n += 1) push(waiting, HTTP_CALLER, `r${n}`);
  expect(requests(waiting)).toHaveLength(known);
  expect(requests(waiting)[0]).toBe("r20");
  for (let taken = 0; taken < 28; taken += AT_ONCE) waiting.take(TYPE, "a");
  expect(requests(waiting)[0]).toBe("r28");
  expect(requests(waiting)).toHaveLength(all - 28);
});
