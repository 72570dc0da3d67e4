/**
 * What is said about windows before it is known what is made of them, and the checks that it fits together.
 *
 * In:   an assigner and the options that `WindowedStream` collects. Out: the spec of one operator; contradictions are refused on the way.
 */
import type { WindowAssigner } from "../operators/window/assigners.ts";
import { chooseWindowModule } from "../operators/window/choose.ts";
import type { OperatorSpec } from "../graph/stream-graph.ts";
import { toMs } from "../util/duration.ts";
import type { Duration } from "../util/duration.ts";
import { declarationsOf, instantiated, requireMethods } from "./declared-functions.ts";
import { memberOf, refuse, refuseAsync, requireMethod } from "./refuse.ts";

/** The last `size` elements of a key, looked at after every `slide` of them. */
export interface CountSlide {
  readonly size: number;
  readonly slide: number;
}

export interface WindowSpec<T> {
  /** Undefined: windows by count. */
  readonly assigner?: WindowAssigner<T>;
  /** Undefined: the assigner's default. */
  readonly trigger?: unknown;
  readonly allowedLatenessMs?: number;
  readonly lateTag?: string;
  /** Windows by count; they bring their own trigger. */
  readonly count?: CountSlide;
}

/** Exactly one of `reduce` and `aggregate`, or neither and `process`. */
export interface WindowFunctionSet {
  readonly reduce?: unknown;
  readonly aggregate?: unknown;
  readonly process?: unknown;
}

const TIMES: readonly unknown[] = ["event", "processing"];
const TRIGGER_METHODS = ["onElement", "onEventTime", "onProcessingTime"] as const;

export function timeWindows<T>(assigner: WindowAssigner<T>): WindowSpec<T> {
  requireMethod(assigner, "assign", 'window() takes a window assigner, such as tumbling("1min")');
  if (!TIMES.includes(assigner.time))
    refuse("MR1217", `the time of windows is "event" or "processing", not ${JSON.stringify(assigner.time)}`);
  return { assigner };
}

export function countWindows<T>(size: number, slide: number | undefined): WindowSpec<T> {
  checkCount(size, "size");
  if (slide !== undefined) checkCount(slide, "slide");
  return { count: { size, slide: slide ?? size } };
}

export function withLateness<T>(spec: WindowSpec<T>, lateness: Duration): WindowSpec<T> {
  requireEventTime(spec, "allowedLateness");
  const allowedLatenessMs = toMs(lateness, "the allowed lateness");
  if (allowedLatenessMs < 0) refuse("MR1207", `the allowed lateness must not be negative, but is ${String(lateness)}`);
  return { ...spec, allowedLatenessMs };
}

export function withLateTag<T>(spec: WindowSpec<T>, lateTag: string): WindowSpec<T> {
  requireEventTime(spec, "sideOutputLateData");
  return { ...spec, lateTag };
}

export function withTrigger<T>(spec: WindowSpec<T>, trigger: unknown): WindowSpec<T> {
  if (spec.count !== undefined)
    refuse("MR1209", "countWindow() says itself when its windows fire: use window(global()) with a trigger instead");
  for (const method of TRIGGER_METHODS) requireMethod(trigger, method, "trigger() takes a trigger, such as count(100)");
  for (const method of [...TRIGGER_METHODS, "onMerge", "clear"]) refuseAsync(memberOf(trigger, method), method);
  refuseOtherTime(spec.assigner, memberOf(trigger, "time"));
  if (spec.assigner?.kind === "session" && typeof memberOf(trigger, "onMerge") !== "function") {
    refuse("MR1209", "session windows merge, and this trigger has no onMerge(): add it, or use another trigger");
  }
  return { ...spec, trigger };
}

/** One that waits for a time that does not move these windows would fire by chance, or never. */
function refuseOtherTime(assigner: WindowAssigner<never> | undefined, time: unknown): void {
  if (assigner === undefined || time === undefined) return;
  if (assigner.kind === "global") {
    if (time === "event") return;
    refuse(
      "MR1209",
      "global windows never end, so this trigger would never fire: use count(), delta() or continuousProcessingTime()",
    );
  }
  if (time === assigner.time) return;
  const clock = time === "event" ? "watermark" : "machine's clock";
  refuse(
    "MR1209",
    `this trigger waits until the ${clock} reaches the end of a window, but the windows are of ${assigner.time} time: use a trigger for ${assigner.time} time, or windows with time: ${JSON.stringify(time)}`,
  );
}

export function checkAggregate<T>(spec: WindowSpec<T>, aggregate: unknown): void {
  requireMethods(aggregate, "aggregate", ["createAccumulator", "add", "getResult"]);
  if (spec.assigner?.kind === "session" && typeof memberOf(instantiated(aggregate), "merge") !== "function") {
    refuse(
      "MR1208",
      "session windows merge, and so must their accumulators: add merge(left, right) to the aggregate function",
    );
  }
}

export function windowOperator<T>(
  spec: WindowSpec<T>,
  keyOf: (value: never) => unknown,
  functions: WindowFunctionSet,
): OperatorSpec {
  const { assigner, trigger, allowedLatenessMs, lateTag } = spec;
  if (assigner?.kind === "global" && trigger === undefined) {
    refuse(
      "MR1215",
      "global windows never end, so without a trigger they would never fire: add .trigger(...), such as purging(count(100))",
    );
  }
  if (functions.process !== undefined) checkProcess(spec, functions.process);
  const given = Object.fromEntries(Object.entries(functions).filter(([, fn]) => fn !== undefined));
  const { reduce, aggregate, process } = functions;
  const module = chooseWindowModule({
    assigner,
    trigger,
    reduce,
    aggregate: instantiated(aggregate),
    process: instantiated(process),
  });
  const parameters =
    spec.count === undefined ? { keyOf, assigner, trigger, allowedLatenessMs, lateTag } : { keyOf, ...spec.count };
  return { module, functions: given, parameters };
}

function checkProcess<T>(spec: WindowSpec<T>, process: unknown): void {
  declarationsOf(process, "process", ["process"]);
  if (spec.assigner?.kind === "session" && memberOf(instantiated(process), "windowState") !== undefined) {
    refuse(
      "MR1214",
      "session windows merge, so nothing can be kept per window: use state, which is kept per key, instead of windowState",
    );
  }
}

function requireEventTime<T>(spec: WindowSpec<T>, method: string): void {
  if (spec.assigner?.time === "event") return;
  refuse("MR1205", `only event-time windows can have late records: use one, or drop ${method}()`);
}

function checkCount(amount: number, what: string): void {
  if (Number.isInteger(amount) && amount >= 1) return;
  refuse("MR1206", `the ${what} of a count window must be a whole number of 1 or more, not ${String(amount)}`);
}
