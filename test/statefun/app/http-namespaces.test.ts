/** Functions of a namespace behind HTTP: whatever names strangers ask for, they are answered, and the job goes on. */
// covers: statefun/app/http-dataflow.ts
import { afterEach, expect, test } from "vitest";
import { StreamExecutionEnvironment } from "../../../core/index.ts";
import type { JobClient } from "../../../core/index.ts";
import { FunctionTypeNamespaceMatcher, httpIngress, statefun } from "../../../statefun/index.ts";
import type { StatefulFunction } from "../../../statefun/index.ts";

const running: JobClient[] = [];
afterEach(async () => {
  for (const job of running.splice(0)) await job.cancel();
});

class Greeter implements StatefulFunction {
  readonly invoke: StatefulFunction["invoke"] = (context) => context.reply("hello");
}

test("a name that the provider refuses is not found, and nothing else happens", async () => {
  let opened = 0;
  const env = StreamExecutionEnvironment.create();
  const port = new Promise<number>((tell) => {
    const onListening = (at: { readonly port: number }): void => {
      opened += 1;
      tell(at.port);
    };
    statefun(env)
      .http(httpIngress({ port: 0, reply: "early", functionsMax: 2, onListening }))
      .provider(FunctionTypeNamespaceMatcher.targetNamespace("shop"), ({ name }) => {
        if (name === "nonsense") throw new RangeError("a secret");
        return new Greeter();
      })
      .build();
  });
  const job = await env.executeAsync("shop");
  running.push(job);
  const url = `http://127.0.0.1:${await port}/shop`;
  const post = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${url}${path}`, { method: "POST", headers });
  for (const asked of [
    fetch(`${url}/nonsense/a`),
    post("/nonsense/a"),
    post("/nonsense/a", { "idempotency-key": "k" }),
  ]) {
    const answer = await asked;
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { code: "MR9051", message: "there is no function shop/nonsense", error: { name: "RangeError" } },
    ]);
  }
  expect((await post("/nonsense/a", { "millrace-reply": "accepted" })).status).toBe(202);
  expect(await (await post("/greeter/a")).text()).toBe("hello");
  expect((await fetch(`${url}/other/a`)).status).toBe(200);
  const full = await fetch(`${url}/one-more/a`);
  expect([full.status, await full.json()]).toMatchObject([503, { code: "MR9066" }]);
  expect(await (await post("/greeter/b")).text()).toBe("hello");
  expect(opened).toBe(1);
});
