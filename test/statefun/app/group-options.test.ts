/** Options of jobs with functions: what makes no sense is said when the graph is built, not by a job that hangs or loses messages. */
import { describe, expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import { checkedOptions } from "../../../statefun/app/group-options.ts";
import {
  deadLetter,
  egress,
  fn,
  ingress,
  module,
  router,
  statefun,
  statefunJob,
  type,
} from "../../../statefun/index.ts";
import type { DeadLetter } from "../../../statefun/index.ts";
import { refusal } from "../define/refusal.ts";
import { into, runJob } from "./run-job.ts";

const names = ingress("docs/names", type<string>());
const letters = egress("docs/letters", type<DeadLetter>());
const nobodyBinds = egress("docs/nobody-binds", type<DeadLetter>());
const quiet = fn("docs/quiet", { otherwise: () => undefined });

const WRONG: readonly (readonly [object, RegExp])[] = [
  [{ onEndOfInput: "Fire" }, /^MR9042: onEndOfInput is "fire", "wait" or "drop", not Fire$/],
  [{ onEndOfInput: null }, /^MR9042: onEndOfInput/],
  [{ asyncOperationsMax: 0 }, /^MR9042: asyncOperationsMax is a whole number, 1 or more, not 0$/],
  [{ asyncOperationsMax: "many" }, /^MR9042: asyncOperationsMax/],
  [{ mailboxBytesMax: -1 }, /^MR9042: mailboxBytesMax is a whole number, 0 or more, not -1$/],
  [{ mailboxBytesMax: "32mb" }, /^MR9042: mailboxBytesMax .*not 32mb$/],
  [{ mailboxBytesMax: Number.NaN }, /^MR9042: mailboxBytesMax/],
  [{ onUnknownFunction: "quarantine" }, /^MR9042: onUnknownFunction is "fail-job" or deadLetter\(egress\), not quar/],
  [{ onUnknownFunction: { kind: "retry" } }, /^MR9042: onUnknownFunction/],
  [{ onUnknownFunction: deadLetter(nobodyBinds) }, /^MR9041: onUnknownFunction sends .* docs\/nobody-binds, which is/],
];

describe("what makes no sense is refused when the graph is built", () => {
  test.each(WRONG)("of a job of modules: %o", async (options, sentence) => {
    const parts = [quiet, names.from((env) => env.fromData("a")), router(names, () => undefined), letters.to(into([]))];
    const job = statefunJob(
      "job",
      module(() => parts),
      options,
    );
    await expect((async () => job.build(StreamExecutionEnvironment.create(), []))()).rejects.toThrow(sentence);
  });

  test.each(WRONG)("of functions on streams: %o", (options, sentence) => {
    const env = StreamExecutionEnvironment.create();
    const functions = statefun(env, options)
      .from(env.fromData("a"), "names", () => undefined)
      .functions(quiet)
      .egresses({ letters });
    expect(refusal(() => functions.build())).toMatch(sentence);
  });
});

test("what is not said has its default", () => {
  expect(checkedOptions({}, [])).toEqual({ onEndOfInput: "fire" });
  expect(checkedOptions({ onEndOfInput: "wait", mailboxBytesMax: 0, asyncOperationsMax: 1 }, undefined)).toEqual({
    onEndOfInput: "wait",
    mailboxBytesMax: 0,
    asyncOperationsMax: 1,
  });
});

test("messages to unknown functions fail the job, or go to an egress", async () => {
  const written: DeadLetter[] = [];
  const run = (onUnknownFunction: "fail-job" | ReturnType<typeof deadLetter>): Promise<unknown> =>
    runJob(
      statefunJob(
        "job",
        module(() => [
          quiet,
          names.from((env) => env.fromData("a")),
          router(names, (name, downstream) => downstream.forward({ type: "docs/nobody", id: name }, "go", 1)),
          letters.to(into(written)),
        ]),
        { onUnknownFunction },
      ),
    );
  await expect(run("fail-job")).rejects.toThrow(/MR9030/);
  await run(deadLetter(letters));
  expect(written).toMatchObject([{ address: { type: "docs/nobody", id: "a" }, error: { code: "MR9030" } }]);
});
