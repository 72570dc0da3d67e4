/** What a sink's writers tell its coordinator on the master. Plain data, in order. */

/** For the sink's listener beside the client. */
export interface WriterToCoordinator {
  readonly type: "to-client";
  readonly value: unknown;
}
