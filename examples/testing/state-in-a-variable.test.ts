/** A bug that a test without crashes does not see: state in a variable, which no checkpoint contains. And how the check tells. */
import { defineJob } from "millrace";
import type { Collector } from "millrace";
import { checkExactlyOnce } from "millrace/testing";
import { expect, test } from "vitest";

const job = defineJob("numbered", (env) => {
  const seen = new Map<string, number>();
  env
    .fromData(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "ada" : "bob")))
    .keyBy((user) => user)
    .process({
      processElement(user, ctx, out: Collector<string>) {
        seen.set(user, (seen.get(user) ?? 0) + 1);
        out.collect(`${user} ${seen.get(user)}`);
      },
    })
    .print();
});

test("state in a variable is found", async () => {
  const check = checkExactlyOnce(job, {}, { timeMs: 20_000, shrinkMs: 500 });
  await expect(check).rejects.toThrow('MR8002: "exactly once" does not hold: sink "print-sink" committed');
});
