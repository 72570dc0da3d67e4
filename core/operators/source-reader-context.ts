/** What a source reader may use: the services of its operator, under the names of the source contract. */
import type { ReaderToCoordinator } from "./contracts/source-events.ts";
import type { SourceReaderContext } from "./contracts/source.ts";
import type { KeptForJob } from "./kept-for-job.ts";
import type { OperatorServices } from "./operator.ts";

/** `onWake` hears of each `wake`, since the reader may call it while it is polled. */
export function sourceReaderContext(
  services: OperatorServices<never>,
  kept: KeptForJob,
  onWake: () => void,
): SourceReaderContext {
  const send = (event: ReaderToCoordinator): void => services.sendEvent(event);
  return {
    subtaskIndex: services.task.subtaskIndex,
    parallelism: services.task.parallelism,
    metrics: services.metrics,
    config: services.config,
    nowMs: () => services.clock.nowMs(),
    requestSplit: () => send({ type: "request-split" }),
    sendEvent: (event) => send({ type: "source-event", event }),
    wake: () => {
      onWake();
      services.wake();
    },
    execute: (mail) => services.execute(mail),
    schedule: (delayMs, mail) => services.schedule(delayMs, mail),
    keepForJob: (create) => kept.keep(services.task.subtaskIndex, create),
    warn: (sentence) => services.warn(sentence),
    fail: (error) => services.fail(error),
  };
}
