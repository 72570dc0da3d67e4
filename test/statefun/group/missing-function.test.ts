/** Names that are no function: what their provider has thrown is told, it is not asked again, and what requests make up has a bound and fails no job. */
// covers: statefun/group/function-table.ts
import { describe, expect, test } from "vitest";
import type { NamespaceDefinition } from "../../../statefun/define/function-definition.ts";
import { providedFunction } from "../../../statefun/define/provided-function.ts";
import { FunctionType } from "../../../statefun/index.ts";
import type { StatefulFunction } from "../../../statefun/index.ts";
import { HTTP_CALLER, READ_KIND } from "../../../statefun/http-messages.ts";
import { isMillraceError } from "../../../core/index.ts";
import { askKeyed, DAY_MS, replies, start } from "./http-asks.ts";
import { LoopHarness } from "./loop-harness.ts";
import { makeFunction, OUT } from "./make-function.ts";

/** What a provider makes of a name. */
type Make = (name: string) => unknown;

function shop(make: Make): { readonly namespaces: readonly NamespaceDefinition[]; readonly asked: readonly string[] } {
  const asked: string[] = [];
  const provider = ({ name }: FunctionType): StatefulFunction => {
    asked.push(name);
    return make(name) as StatefulFunction;
  };
  const functionOf: NamespaceDefinition["functionOf"] = (type) =>
    providedFunction(FunctionType.parseFrom(type), provider);
  return { namespaces: [{ namespace: "shop", functionOf }], asked };
}

const greeter: StatefulFunction = { invoke: (context, input) => context.send(OUT, `hello ${String(input)}`) };

const throwing: Make = (name) => {
  if (name !== "greeter") throw new RangeError(`no ${name} here`);
  return greeter;
};
const returningNothing: Make = (name) => (name === "greeter" ? greeter : undefined);
const never: Make = (name) => {
  throw new Error(`never a ${name}`);
};

describe("a message to a name that its provider refuses", () => {
  test.each([
    ["throws", throwing, /no nonsense here/],
    ["returns nothing", returningNothing, /MR9017: the provider of shop\/nonsense returned no function object/],
  ] as const)("by what it %s: goes by onUnknownFunction, with the cause", (_, make, cause) => {
    const { namespaces, asked } = shop(make);
    const onUnknownFunction = { kind: "dead-letter", egress: "test/out" } as const;
    const loop = new LoopHarness({ namespaces, onUnknownFunction });
    for (const id of ["a", "b", "c"]) loop.send("shop/nonsense", id, "", 1);
    loop.send("shop/greeter", "a", "", "ann");
    const error = { code: "MR9030", message: expect.stringMatching(cause) as string };
    expect(loop.out()).toMatchObject([
      ...["a", "b", "c"].map((id) => ({ address: { type: "shop/nonsense", id }, error })),
      "hello ann",
    ]);
    expect(asked.filter((name) => name === "nonsense")).toEqual(["nonsense"]);
  });

  test("fails the job by default, for good if nothing else can come of it", () => {
    const failure = (make: Make): unknown => {
      try {
        new LoopHarness({ namespaces: shop(make).namespaces }).send("shop/nonsense", "a", "", 1);
        return undefined;
      } catch (error) {
        return isMillraceError(error) && [error.code, error.retryable, (error.cause as Error).name];
      }
    };
    expect(failure(throwing)).toEqual(["MR9030", true, "RangeError"]);
    expect(failure(returningNothing)).toEqual(["MR9030", false, "MillraceError"]);
  });

  test("is as well one that its provider makes only once", () => {
    let made = 0;
    const { namespaces } = shop(() => ((made += 1) === 1 ? greeter : never("greeter")));
    expect(() => new LoopHarness({ namespaces }).send("shop/greeter", "a", "", 1)).toThrow(/MR9030.*never a greeter/);
  });

  test("is nothing to repairs", () => {
    const loop = new LoopHarness({ namespaces: shop(throwing).namespaces });
    loop.send("shop/nonsense", "a", "$retry", null);
    expect(loop.failures).toEqual([]);
  });

  test("is asked for again where there are too many such names to remember", () => {
    const { namespaces, asked } = shop(throwing);
    const loop = new LoopHarness({ namespaces, onUnknownFunction: { kind: "dead-letter", egress: "test/out" } });
    for (let name = 0; name < 1_025; name += 1) loop.send(`shop/${name}`, "a", "", 1);
    loop.send("shop/1024", "a", "", 1);
    expect(asked).toHaveLength(1_025);
    loop.send("shop/0", "a", "", 1);
    expect(asked).toHaveLength(1_026);
  });
});

function request(loop: LoopHarness, to: `${string}/${string}`, kind: string): unknown {
  loop.sendEnvelope({ to, id: "a", from: HTTP_CALLER, fromId: "r", kind, value: undefined });
  loop.run();
  return replies(loop).at(-1);
}

describe("a request", () => {
  test.each([READ_KIND, "", "$keyed"])("of kind %o for a name that its provider refuses is answered", (kind) => {
    const loop = start({ namespaces: shop(throwing).namespaces });
    expect(request(loop, "shop/nonsense", kind)).toEqual({
      to: "r",
      digest: "",
      status: 404,
      kind: "",
      value: { code: "MR9051", message: "there is no function shop/nonsense", error: { name: "RangeError" } },
    });
    expect(request(loop, "test/nobody", kind)).toMatchObject({
      status: 404,
      value: { code: "MR9051", message: "there is no function test/nobody" },
    });
    expect(request(loop, "shop/greeter", READ_KIND)).toMatchObject({ status: 200 });
    expect([loop.failures, loop.out()]).toEqual([[], []]);
  });

  test("brings about no more functions than it may; messages of the application do", () => {
    const { namespaces } = shop(() => greeter);
    const loop = start({ namespaces, httpFunctionsMax: 2 });
    loop.send("shop/own", "a", "", 1);
    const statuses = ["one", "two", "three", "own", "one", "four"].map((name) =>
      request(loop, `shop/${name}`, READ_KIND),
    );
    expect(statuses).toMatchObject([200, 200, 503, 200, 200, 503].map((status) => ({ status })));
    expect(statuses[2]).toMatchObject({ value: { code: "MR9066", message: expect.stringContaining("2 functions") } });
    loop.send("shop/three", "a", "", 1);
    expect(request(loop, "shop/three", READ_KIND)).toMatchObject({ status: 200 });
    expect(loop.failures).toEqual([]);
  });

  test("for a name that nobody has bound any more leaves no key behind", () => {
    const loop = new LoopHarness({ functions: [makeFunction("test/other", () => undefined)], keepHttpKeysMs: DAY_MS });
    askKeyed(loop, "r1", { key: "k", value: 1 });
    expect(replies(loop)).toMatchObject([{ to: "r1", status: 404 }]);
  });
});
