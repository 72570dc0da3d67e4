/** All benchmark cases, in the order of the table. */
import type { BenchCase } from "./case.ts";
import { chain } from "./jobs/chain.ts";
import { functionsFanOut } from "./jobs/functions-fan-out.ts";
import { functionsGreeter } from "./jobs/functions-greeter.ts";
import { functionsHop } from "./jobs/functions-hop.ts";
import { functionsIdle } from "./jobs/functions-idle.ts";
import { functionsMultiplying } from "./jobs/functions-multiplying.ts";
import { functionsPingPong } from "./jobs/functions-ping-pong.ts";
import { keyedCounts } from "./jobs/keyed-count.ts";
import { latency } from "./jobs/latency.ts";
import { largeMap } from "./jobs/large-map.ts";
import { largeState } from "./jobs/large-state.ts";
import { nexmarkCases } from "./jobs/nexmark.ts";
import { processChain } from "./jobs/process-chain.ts";
import { recovery } from "./jobs/recovery.ts";
import { sessions } from "./jobs/sessions.ts";
import { shuffle } from "./jobs/shuffle.ts";
import { slidingWindows } from "./jobs/sliding-window.ts";
import { timers } from "./jobs/timers.ts";
import { tumblingWindow } from "./jobs/tumbling-window.ts";
import { wordCount } from "./jobs/word-count.ts";

export const CASES: readonly BenchCase[] = [
  chain,
  processChain,
  shuffle,
  ...keyedCounts,
  wordCount,
  tumblingWindow,
  ...slidingWindows,
  sessions,
  timers,
  largeState,
  largeMap,
  latency,
  recovery,
  ...nexmarkCases,
  functionsGreeter,
  ...functionsPingPong,
  functionsFanOut,
  functionsMultiplying,
  functionsHop,
  functionsIdle,
];
