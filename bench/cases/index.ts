/** All benchmark cases, in the order of the table. */
import type { BenchCase } from "../case.ts";
import { chain, processChain } from "./chain.ts";
import { keyedCountLarge, keyedCountSmall } from "./keyed-count.ts";
import { largeCheckpoint, largeMap } from "./state.ts";
import { timers } from "./timers.ts";
import { slidingWindowLong, slidingWindowShort, tumblingWindow } from "./windows.ts";

export const CASES: readonly BenchCase[] = [
  chain,
  processChain,
  keyedCountSmall,
  keyedCountLarge,
  tumblingWindow,
  slidingWindowShort,
  slidingWindowLong,
  timers,
  largeCheckpoint,
  largeMap,
];
