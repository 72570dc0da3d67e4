/** Measures the thread that it runs in, as `ThreadHealth`. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { ReadHealth } from "../thread-health.ts";

/** A timer of this length, whose delays are what is measured. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

export function measureHealth(): ReadHealth {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return () => {
    const { used_heap_size, heap_size_limit, external_memory } = getHeapStatistics();
    const lateMs = delays.percentile(99) / NS_PER_MS - RESOLUTION_MS;
    delays.reset();
    return {
      heapUsedBytes: used_heap_size,
      heapLimitBytes: heap_size_limit,
      externalBytes: external_memory,
      eventLoopLagMs: Math.max(0, lateMs),
    };
  };
}
