/**
 * The functions that run programs, and the job around them.
 *
 * In:    a program. Out: a pipeline for the simulator. State: per address what it has applied, three times over, and how many messages it has sent to whom.
 */
import { WatermarkStrategy } from "../../core/index.ts";
import { buffer, deadLetter, egress, fn, retry, routable, statefun, table, type, value } from "../../statefun/index.ts";
import type { AsyncResult, DeadLetter, Delivered, OnError, StatefulFn, TurnContext } from "../../statefun/index.ts";
import { listSource } from "../sim/pipelines/list-source.ts";
import type { Out, Pipeline, PipelineRun } from "../sim/pipelines/pipeline.ts";
import { arrivalAt, isRefused, KINDS, nameOf, pairLane, textOf, told } from "./program.ts";
import type { Body, Command, FunctionKind, Program, Target } from "./program.ts";

interface Run {
  readonly name: string;
  readonly body: Body;
  /** Who sent it in order with others, and which of those it is. */
  readonly sender?: { readonly from: string; readonly number: number } | undefined;
  /** It may be taken back: whether it arrives at all is open. */
  readonly isRaced?: boolean;
}

const witness = egress("program/witness", type<Out>());
const dead = egress("program/dead", type<DeadLetter>());

const ACCEPTS = {
  run: type<Run>(),
  takeBack: type<{ readonly token: string; readonly name: string }>(),
  done: type<AsyncResult<{ readonly name: string }, number>>(),
};
const STATE = {
  count: value({ default: 0 }),
  log: buffer<string>(),
  seen: table<string, number>(),
  sent: table<string, number>(),
};

type Context = TurnContext<Delivered<typeof ACCEPTS>, typeof STATE>;

const ON_ERROR: Readonly<Record<FunctionKind, OnError>> = {
  plain: "quarantine",
  slow: "quarantine",
  shaky: retry({ attempts: 1_000, initialDelay: 5, maxDelay: 50 }),
  brittle: deadLetter(dead),
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function makeFunction(kind: FunctionKind): StatefulFn<Delivered<typeof ACCEPTS>> {
  const here = (ctx: Context): Target => ({ fn: kind, id: ctx.self.id });
  const apply = (ctx: Context, run: Run): void => {
    if (kind === "shaky" && Math.random() < 0.3) throw new Error("not now");
    if (isRefused(here(ctx), run.body)) throw new Error("poison");
    tell(ctx, here(ctx), run);
    for (const [index, command] of run.body.commands.entries())
      follow(ctx, here(ctx), { command, name: nameOf(run.name, index) });
    if (kind === "shaky" && Math.random() < 0.2) throw new Error("not so late");
  };
  return fn(`program/${kind}`, {
    accepts: ACCEPTS,
    state: STATE,
    onError: ON_ERROR[kind],
    handle: {
      run:
        kind === "slow"
          ? async (ctx, run) => {
              await pause(5);
              apply(ctx, run);
              await pause(1);
            }
          : apply,
      takeBack(ctx, { token, name }) {
        if (ctx.cancel(token)) ctx.send(witness, told(name));
      },
      done(ctx, { metadata }) {
        ctx.send(witness, told(metadata.name));
      },
    },
  });
}

/** Says what has arrived, and makes sure that all that is remembered of it agrees. */
function tell(ctx: Context, at: Target, { name, sender, isRaced }: Run): void {
  ctx.send(witness, told(name));
  if (isRaced === true) return;
  const { state } = ctx;
  state.count += 1;
  state.log.push(name);
  state.seen.set(name, state.count);
  if (state.log.length !== state.count || [...state.seen.keys()].length !== state.count)
    throw new Error(`states disagree at ${textOf(at)}: ${state.log.length} and ${state.count}`);
  for (const out of arrivalAt(at, name, state.count)) ctx.send(witness, out);
  if (sender !== undefined && at.fn !== "brittle")
    ctx.send(witness, { lane: pairLane(sender.from, at), value: sender.number });
}

function follow(
  ctx: Context,
  at: Target,
  { command, name }: { readonly command: Command; readonly name: string },
): void {
  switch (command.do) {
    case "send":
      ctx.send(functionOf(command.to).at(command.to.id), "run", {
        name,
        body: command.body,
        sender: numbered(ctx, at, command.to),
      });
      return;
    case "after": {
      const { ms, to, body, takenBack } = command;
      const isRaced = takenBack !== undefined;
      const token = ctx.sendAfter(ms, functionOf(to).at(to.id), "run", { name, body, isRaced });
      if (takenBack === "race") ctx.send(ctx.self, "takeBack", { token, name });
      if (takenBack !== "at-once") return;
      if (!ctx.cancel(token)) throw new Error("a message that was just scheduled is gone");
      ctx.send(witness, told(name));
      return;
    }
    case "operation":
      ctx.async("done", { name }, async () => {
        await pause(command.ms);
        if (command.fails) throw new Error("no luck");
        return 1;
      });
      return;
    case "poison":
      return;
  }
}

/** Those that are never delivered must not leave gaps. */
function numbered(ctx: Context, at: Target, to: Target): Run["sender"] {
  if (to.fn === "brittle") return undefined;
  const lane = pairLane(textOf(at), to);
  const number = (ctx.state.sent.get(lane) ?? 0) + 1;
  ctx.state.sent.set(lane, number);
  return { from: textOf(at), number };
}

const FUNCTIONS: Readonly<Record<FunctionKind, StatefulFn<Delivered<typeof ACCEPTS>>>> = {
  plain: makeFunction("plain"),
  slow: makeFunction("slow"),
  shaky: makeFunction("shaky"),
  brittle: makeFunction("brittle"),
};

function functionOf({ fn: kind }: Target): StatefulFn<Delivered<typeof ACCEPTS>> {
  return FUNCTIONS[kind];
}

interface First extends Run {
  readonly to: Target;
}

/** What each split holds. */
function firstsOf({
  splits,
}: Program): readonly (readonly { readonly value: First; readonly timestampMs: number }[])[] {
  return splits.map((messages, split) => {
    const numbers = new Map<string, number>();
    return messages.map(({ to, body }, at) => {
      const from = `split ${split}`;
      const number = (numbers.get(textOf(to)) ?? 0) + 1;
      numbers.set(textOf(to), number);
      return { value: { name: `${split}/${at}`, body, sender: { from, number }, to }, timestampMs: 0 };
    });
  });
}

export function programPipeline(program: Program): Pipeline {
  return {
    name: JSON.stringify(program),
    promise: "exact",
    build(run: PipelineRun) {
      const firsts = run
        .read(listSource<First>("program", firstsOf(program)), WatermarkStrategy.noWatermarks<First>(), "program")
        .map(({ to, ...message }) => routable(functionOf(to).at(to.id), "run", message));
      const streams = statefun(run.env)
        .from(firsts)
        .functions(...KINDS.map((kind) => FUNCTIONS[kind]))
        .egresses({ witness, dead })
        .build();
      run.write(streams.witness, "witness");
      run.write(
        streams.dead.map(({ value: message }) => ({ lane: "~dead", value: (message as Run).name })), // no function gets anything else that it refuses
        "dead",
      );
    },
  };
}
