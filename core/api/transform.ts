/** `transform`: operators that users of the API write themselves. */
import type { Operator, OperatorServices } from "../operators/operator.ts";
import type { DataStream } from "./data-stream.ts";
import type { StreamHandle } from "./pipeline.ts";
import { requireFunction, requireText } from "./refuse.ts";

/** Makes the operator of one subtask. Called in the task, once per attempt. */
export type MakeOperator<O> = (services: OperatorServices<O>) => Operator;

export interface TransformOptions {
  /** Whether the operator keeps state, and so needs a stable id. Default: true. */
  readonly stateful?: boolean;
}

export interface LoopOptions<L> extends TransformOptions {
  /** The key by which what the operator emits on its main output comes back to it, at the second of its inputs. */
  readonly loopBy: (value: L) => unknown;
}

interface CustomOperator<O> {
  readonly name: string;
  readonly makeOperator: MakeOperator<O>;
  readonly keyed: boolean;
  readonly options: TransformOptions & { readonly loopBy?: (value: O) => unknown };
}

export function addCustomOperator<O>(
  inputs: readonly [StreamHandle, ...StreamHandle[]],
  custom: CustomOperator<O>,
): DataStream<O> {
  const { name, makeOperator, keyed, options } = custom;
  const { loopBy } = options;
  requireText(name, "transform");
  requireFunction(makeOperator, "transform", "a factory of operators");
  if (loopBy !== undefined) requireFunction(loopBy, "transform", "a selector of keys for its loop");
  const spec = { module: "custom", functions: {}, parameters: { create: makeOperator } };
  return inputs[0].pipeline.addOperator<O>(
    { kind: "custom", spec, name, keyed, stateful: options.stateful ?? true },
    inputs,
    { loop: loopBy && { kind: "hash", keyOf: loopBy as (value: never) => unknown } }, // what comes back is what was emitted
  );
}
