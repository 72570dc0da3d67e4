/** How the leg of a run is stopped, and where the next one starts. */
import type { SimClient } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import type { Outside } from "./committed-sink.ts";
import type { SimElection } from "./election.ts";
import type { Gate } from "./gate.ts";
import type { Out } from "./pipelines/pipeline.ts";
import type { StopKind } from "./plan.ts";

/** Where a leg begins. */
export interface Start {
  readonly outside: Outside<Out>;
  /** Of the leg before, if everything died and its checkpoints go on. */
  readonly election: SimElection | undefined;
  readonly restoreFrom: string | undefined;
}

export interface StopParts {
  readonly cluster: Cluster;
  readonly client: SimClient;
  readonly gate: Gate;
  readonly start: Start;
}

/** After a savepoint, or before everything dies, a job goes on for so long at most. */
const GOES_ON_MS = 3_000;
const TRIES_MAX = 5;
const AGAIN_MS = 500;

/** Where the next leg starts; undefined: it did not stop, or there is nothing left to do. */
export function stopLeg(how: StopKind, parts: StopParts): Promise<Start | undefined> {
  switch (how) {
    case "suspend":
    case "drain":
      return stopWithSavepoint(how, parts);
    case "savepoint":
      return dieAfterSavepoint(parts);
    case "crash":
      return die(parts);
    case "cancel":
      return cancel(parts);
  }
}

/** A client that has asked in vain for long gives up, and what it asked for may yet be done: so this asks the job how it ended, however late. */
async function stopWithSavepoint(
  how: "suspend" | "drain",
  { cluster, client, gate, start }: StopParts,
): Promise<Start | undefined> {
  await client.stop(how);
  gate.open();
  await client.over();
  const savepoint = cluster.outcome?.savepoint;
  if (savepoint === undefined || how === "drain") return undefined;
  return { outside: start.outside, election: undefined, restoreFrom: savepoint };
}

async function dieAfterSavepoint(parts: StopParts): Promise<Start | undefined> {
  const { cluster, client, start } = parts;
  let forked: Start | undefined;
  for (let attempt = 0; attempt < TRIES_MAX && forked === undefined && !cluster.isOver; attempt += 1) {
    await client.savepoint({}, ({ checkpointId, directory }) => {
      if (start.outside.canFork(checkpointId))
        forked = { outside: start.outside.fork(checkpointId), election: undefined, restoreFrom: directory };
    });
    if (forked === undefined) await client.pause(AGAIN_MS);
  }
  await goOnAWhile(parts);
  if (forked === undefined || cluster.isOver) return undefined;
  cluster.kill();
  return forked;
}

async function die(parts: StopParts): Promise<Start | undefined> {
  const { cluster, start } = parts;
  const { election } = cluster.options;
  await goOnAWhile(parts);
  if (cluster.isOver || election.outcome !== undefined) return undefined;
  cluster.kill();
  return { outside: start.outside, election, restoreFrom: start.restoreFrom };
}

async function cancel(parts: StopParts): Promise<Start | undefined> {
  const { cluster, client, start } = parts;
  await goOnAWhile(parts);
  await client.cancel();
  const { outcome } = cluster;
  if (outcome?.kind !== "canceled") return undefined;
  return { outside: start.outside, election: undefined, restoreFrom: outcome.newest ?? start.restoreFrom };
}

function goOnAWhile({ cluster, client, gate }: StopParts): Promise<void> {
  gate.open();
  return client.pause(cluster.options.random.next() * GOES_ON_MS);
}
