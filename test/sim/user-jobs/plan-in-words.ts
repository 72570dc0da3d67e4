/** A plan for people: one line for each thing that happens in it and each property of the deployment that is not the usual one. */
import { CALM } from "../plan.ts";
import type { Disaster, DisasterKind, FaultSite, Leg, SimPlan, StopKind } from "../plan.ts";

const STOPS: Readonly<Record<StopKind, string>> = {
  suspend: "is stopped with a savepoint, from which it resumes",
  drain: "is drained",
  savepoint: "takes a savepoint, goes on and dies; it resumes from the savepoint",
  cancel: "is cancelled; another one resumes from the newest checkpoint that it leaves",
  crash: "dies with all its processes; it resumes from the newest checkpoint",
};

const DISASTERS: Readonly<Record<DisasterKind, string>> = {
  "crash-slot": "a slot crashes",
  "crash-master": "the master crashes",
  "crash-all": "everything crashes",
  "pause-slot": "a slot stands still",
  "pause-master": "the master stands still, and another takes over if that lasts",
  "part-slot": "the network cuts a slot off",
  "part-master": "the network cuts the master off",
  "break-connection": "a connection breaks",
  damage: "a file of a checkpoint is damaged",
};

/** What it does not last for is over at once. */
const LASTING: ReadonlySet<DisasterKind> = new Set<DisasterKind>([
  "pause-slot",
  "pause-master",
  "part-slot",
  "part-master",
]);

const SITES: Readonly<Record<FaultSite, string>> = {
  record: "a task fails at a record",
  snapshot: "a task fails in a snapshot",
  state: "a state value cannot be saved",
  recovery: "a sink fails when it is opened again",
  "commit-before": "a commit fails before it is done",
  "commit-after": "a commit fails after it was done",
  enumerator: "a split enumerator fails in a snapshot",
  write: "a write to storage fails",
  "write-unknown": "a write to storage is done, and its answer lost",
  torn: "a write to storage is torn",
  read: "a read from storage fails",
  delete: "a deletion in storage fails",
  "delete-unknown": "a deletion in storage is done, and its answer lost",
  slow: "storage is slow",
  "late-list": "storage lists late",
  pointer: "a checkpoint cannot be recorded as complete",
  "pointer-unknown": "a checkpoint is recorded as complete, and the answer lost",
  "pointer-list": "the complete checkpoints cannot be listed",
};

const PROPERTIES: readonly (readonly [keyof SimPlan, (value: unknown) => string])[] = [
  ["spareSlots", (value) => `${String(value)} spare slots`],
  ["maxParallelism", (value) => `${String(value)} key groups`],
  ["checkpointMs", (value) => `a checkpoint every ${String(value)} ms`],
  ["concurrent", (value) => `up to ${String(value)} checkpoints at once`],
  ["minPauseMs", (value) => `at least ${String(value)} ms between checkpoints`],
  ["checkpointTimeoutMs", (value) => `checkpoints give up after ${String(value)} ms`],
  ["capacity", (value) => `channels hold ${String(value)} records`],
  [
    "unalignedMs",
    (value) => (value === 0 ? "barriers overtake records" : `barriers overtake records after ${String(value)} ms`),
  ],
  ["slowMs", (value) => `some tasks take up to ${String(value)} ms for a step`],
  ["recordsPerStep", (value) => `a task works on ${String(value)} records at a time`],
  ["burst", (value) => `sources emit ${String(value)} records at a time`],
  ["pauseMs", (value) => `sources pause for up to ${String(value)} ms`],
  ["latencyMs", (value) => `messages take up to ${String(value)} ms`],
  ["diskMs", (value) => `storage takes up to ${String(value)} ms`],
  ["drift", (value) => `clocks drift by up to ${String(value)} ‰`],
  ["chaining", () => "operators are not chained"],
  ["asyncSink", () => "flushes and commits take a while"],
];

export function planInWords(plan: SimPlan): readonly string[] {
  return [
    ...plan.legs.flatMap(legInWords),
    ...plan.disasters.toSorted((left, right) => left.atMs - right.atMs).map(disasterInWords),
    ...Object.entries(plan.rates).map(([site, rate]) => `${SITES[site as FaultSite]}, ${rate} times in 1,000`), // its keys are sites
    ...PROPERTIES.filter(([key]) => plan[key] !== CALM[key]).map(([key, text]) => text(plan[key])),
  ];
}

function legInWords({ parallelism, stop }: Leg, index: number): string[] {
  const begins =
    index === 0 ? `the job starts with parallelism ${parallelism}` : `it resumes with parallelism ${parallelism}`;
  return stop === undefined ? [begins] : [begins, `once ${stop.after} records have been read, it ${STOPS[stop.how]}`];
}

function disasterInWords({ kind, atMs, durationMs }: Disaster): string {
  return `after ${atMs} ms ${DISASTERS[kind]}${LASTING.has(kind) ? `, for ${durationMs} ms` : ""}`;
}
