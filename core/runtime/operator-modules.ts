/**
 * Every module that runs once per position in the graph, by the name that graphs use: operators, and the two ends of a chain. These are the shared
 * ones; `copies.ts` loads fresh copies of the same files.
 */
import type { Operator, OperatorServices } from "../operators/operator.ts";
import * as coProcess from "../operators/co-process.ts";
import * as filter from "../operators/filter.ts";
import * as flatMap from "../operators/flat-map.ts";
import * as keyedCoProcess from "../operators/keyed-co-process.ts";
import * as keyedProcess from "../operators/keyed-process.ts";
import * as map from "../operators/map.ts";
import * as process from "../operators/process.ts";
import * as reduce from "../operators/reduce.ts";
import * as sink from "../operators/sink.ts";
import * as source from "../operators/source.ts";
import * as timestamps from "../operators/timestamps.ts";
import * as windowCount from "../operators/window/count.ts";
import * as windowMerging from "../operators/window/merging.ts";
import * as windowSession from "../operators/window/session.ts";
import * as windowSliding from "../operators/window/sliding.ts";
import * as windowTumbling from "../operators/window/tumbling.ts";
import * as windowGeneral from "../operators/window/window.ts";
import * as countingOutput from "./counting-output.ts";
import * as custom from "./custom.ts";
import * as partitionWriter from "./partition-writer.ts";
import * as pump from "./pump.ts";

/** What the file of an operator exports. */
export interface OperatorModule {
  createOperator(services: OperatorServices<unknown>, options: never): Operator;
}

export const SHARED_MODULES: Readonly<Record<string, unknown>> = {
  "co-process": coProcess,
  filter,
  "flat-map": flatMap,
  "keyed-co-process": keyedCoProcess,
  "keyed-process": keyedProcess,
  map,
  process,
  reduce,
  sink,
  source,
  timestamps,
  "window/count": windowCount,
  "window/merging": windowMerging,
  "window/session": windowSession,
  "window/sliding": windowSliding,
  "window/tumbling": windowTumbling,
  "window/window": windowGeneral,
  "runtime/counting-output": countingOutput,
  "runtime/custom": custom,
  "runtime/partition-writer": partitionWriter,
  "runtime/pump": pump,
};
