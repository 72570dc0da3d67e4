/** How a thread is: its heap, what it holds outside, and how late its event loop is. Behind an interface, since only a real thread has these. */
export interface ThreadHealth {
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly externalBytes: number;
  /** By which one in a hundred turns of the event loop was late, since the last look. */
  readonly eventLoopLagMs: number;
}

export type ReadHealth = () => ThreadHealth;
