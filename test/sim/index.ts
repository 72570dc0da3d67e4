/**
 * The simulator, as `millrace/testing` exports it: one's own jobs on a simulated deployment, under crashes, failing storage and other parallelisms.
 *
 * Start with `checkExactlyOnce`; `simulate` is one run of it, under a test's control. docs/testing.md shows both.
 */
export { checkExactlyOnce } from "./check-exactly-once.ts";
export type { ExactlyOnceOptions, KeptOutside } from "./check-exactly-once.ts";
export type { Disaster, DisasterKind, FaultRates, FaultSite, Leg, SimPlan, StopKind } from "./plan.ts";
export { simulate } from "./simulate.ts";
export type { CommittedBefore, Invariant, SimulateOptions } from "./simulate.ts";
export type { FaultDetails, Faults, PlanOptions } from "./user-jobs/fault-options.ts";
export { SimulatedKafka } from "./kafka/simulated-kafka.ts";
export type { WrittenRecord } from "./kafka/simulated-kafka.ts";
export type { ReadRecord } from "./kafka/committed-records.ts";
export type { KafkaFault, KafkaFaultRates } from "./kafka/kafka-faults.ts";
export type { SimulatedKafkaOptions } from "./kafka/options.ts";
export type { OutsideWorld } from "./outside-world.ts";
export type { Inputs, TimedInput } from "./user-jobs/inputs.ts";
export { SimulatedRun } from "./user-jobs/simulated-run.ts";
export type { SimulatedJob } from "./user-jobs/user-job.ts";
