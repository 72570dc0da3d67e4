/**
 * Places a job on slots of a cluster: they are asked for when the job begins, and given back when it is over.
 *
 * In:   the parts of a job, where its module is. Out: its master, whose slots offer themselves as they start.
 */
import { signatureOf } from "../graph/fingerprint.ts";
import { requiredSlots } from "../graph/slots.ts";
import { createStore } from "./compose-job.ts";
import type { JobParts, JobPlacement } from "./compose-job.ts";
import { createMaster } from "./create-master.ts";
import type { JobMaster } from "./job-master.ts";
import { JobSlots } from "./job-slots.ts";
import type { ResourceManager, SlotHost } from "./resource-manager.ts";
import { inProcessGateway } from "./rpc/in-process.ts";
import type { Gateway } from "./rpc/in-process.ts";
import type { SlotStart } from "./slot-messages.ts";
import { SlotPool } from "./slot-pool.ts";

export interface OnSlotsOptions extends Pick<SlotStart, "module" | "args" | "config"> {
  readonly resourceManager: Gateway<Pick<ResourceManager, "require" | "release">>;
}

export function onSlots(options: OnSlotsOptions): JobPlacement {
  return { check: () => undefined, compose: (parts) => compose(parts, options) };
}

function compose(parts: JobParts, options: OnSlotsOptions): JobMaster {
  const { jobId, jobName, endpoint, stores, world, config, metrics, graph } = parts;
  const { resourceManager } = options;
  let reported: Error | undefined = undefined;
  const master = createMaster({
    ...parts,
    slots: new SlotPool(),
    store: createStore(parts),
    storage: stores.store,
    checkpointDirectory: stores.checkpointDirectory,
    onFailure: (cause, restartInMs) => {
      reported = cause;
      parts.onFailure(cause, restartInMs);
    },
    onEnded: (outcome) => {
      slots.stop();
      resourceManager.release(jobId);
      if (outcome.kind !== "failed") return parts.onEnded(outcome);
      reported = slots.causeOf(outcome.cause);
      return parts.onEnded({ kind: "failed", cause: reported });
    },
  });
  const slots = new JobSlots({
    master,
    clock: world.clock,
    config,
    module: options.module,
    metrics,
    memory: stores.checkpoints,
    isReported: (cause) => cause === reported,
    warn: (line) => world.warn(`millrace: job "${jobName}": ${line}`),
  });
  const mounts = stores.watchMounts((mount) => slots.mounted(mount));
  const start = {
    jobName,
    module: options.module,
    args: options.args,
    config: options.config,
    signature: signatureOf(graph),
    maxParallelism: graph.vertices.map(({ maxParallelism }) => maxParallelism),
    mounts,
  };
  const host = inProcessGateway<SlotHost>(endpoint, slots);
  resourceManager.require({ jobId, start, host }, requiredSlots(graph));
  return master;
}
