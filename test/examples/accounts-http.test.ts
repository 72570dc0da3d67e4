/** Deposits by HTTP: answered once committed, once for each key, and only if they are some. */
import { StreamExecutionEnvironment } from "millrace";
import { httpIngress, module, statefunJob } from "millrace/statefun";
import { expect, test, vi } from "vitest";
import job, { account } from "../../examples/accounts-http.ts";

/** The test runs a whole job, which takes its time where the machine is busy. */
vi.setConfig({ testTimeout: 30_000 });

test("each deposit counts once, however often it is sent", async () => {
  let tell: (url: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const onListening = ({ port }: { readonly port: number }): void => tell(`http://127.0.0.1:${port}/bank/account/ann`);
  const env = StreamExecutionEnvironment.create();
  env.enableCheckpointing("20ms");
  await statefunJob(
    "accounts",
    module(() => [account, httpIngress({ port: 0, onListening })]),
  ).build(env, []);
  const running = await env.executeAsync("accounts");
  const url = await listening;
  const deposit = (key: string, body: unknown): Promise<Response> =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    });
  const answers = await Promise.all(["1", "1", "2"].map((key) => deposit(key, { cents: 300 })));
  expect(answers.map((answer) => [answer.status, answer.headers.get("millrace-reply")])).toEqual(
    answers.map(() => [200, "committed"]),
  );
  const [first, again] = await Promise.all(answers.map((answer) => answer.json()));
  expect(again).toEqual(first);
  expect(await (await fetch(url)).json()).toEqual({ cents: 600 });
  expect((await deposit("3", { cents: -1 })).status).toBe(400);
  expect((await deposit("4", null)).status).toBe(400);
  await running.cancel();
});

test("builds, and takes a port", async () => {
  const env = StreamExecutionEnvironment.create({ "pipeline.auto-generate-uids": false });
  await job.build(env, ["--port", "8081"]);
  expect(env.explain()).toContain("replies");
  expect(() => job.build(StreamExecutionEnvironment.create(), ["--port", "none"])).toThrow(/--port/);
  expect(job.usage).toContain("--port N");
});
