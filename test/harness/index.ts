/**
 * `millrace/testing`: what users need to test their own functions and operators, without a job around them, and whole jobs on a simulated deployment.
 *
 * Start with `FunctionHarness` for a process function, with `StatefulFunctionHarness` for stateful functions, with `OperatorHarness` for an operator of your own, and with `checkExactlyOnce` or `simulate` for a job;
 * the rest is what they hand out or take.
 */
export { FunctionHarness } from "./function-harness.ts";
export type { FunctionHarnessOptions } from "./function-harness.ts";
export { HarnessMetrics } from "./harness-metrics.ts";
export type { HarnessList, HarnessSnapshot } from "./harness-state.ts";
export { StatefulFunctionHarness } from "./stateful-function-harness.ts";
export type { StatefulFunctionHarnessOptions } from "./stateful-function-harness.ts";
export type { GivenFunctions } from "./bound-functions.ts";
export type { FunctionsSnapshot } from "./function-loop.ts";
export type { SentMessage } from "./function-recordings.ts";
export type { WaitingSend } from "../../statefun/read/waiting-sends.ts";
export { ManualClock } from "./manual-clock.ts";
export { OperatorHarness } from "./operator-harness.ts";
export type { HarnessOptions } from "./operator-harness.ts";
export { HarnessAvailability, RecordingOutput } from "./recording-output.ts";
export type { Recorded } from "./recording-output.ts";
export { checkExactlyOnce, simulate, SimulatedKafka, SimulatedRun } from "../sim/index.ts";
export type {
  CommittedBefore,
  Disaster,
  DisasterKind,
  ExactlyOnceOptions,
  FaultDetails,
  FaultRates,
  Faults,
  FaultSite,
  Inputs,
  Invariant,
  KafkaFault,
  KafkaFaultRates,
  KeptOutside,
  Leg,
  OutsideWorld,
  PlanOptions,
  ReadRecord,
  SimPlan,
  SimulatedJob,
  SimulatedKafkaOptions,
  SimulateOptions,
  StopKind,
  TimedInput,
  WrittenRecord,
} from "../sim/index.ts";
