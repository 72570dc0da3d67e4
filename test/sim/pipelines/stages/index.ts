/** All stages of exact pipelines, by the names that genes have. To read first: `stateless.ts`, then `every-state.ts`. */
import type { Stage } from "../stage.ts";
import { CONNECT, SIDE_OUTPUT, UNION, UNION_WITH_ITSELF } from "./branches.ts";
import { COUNT_WINDOW } from "./count-window.ts";
import { EVERY_STATE } from "./every-state.ts";
import { AS_OF_JOIN, JOIN_BY_TIME } from "./joins.ts";
import { OPERATOR_STATE } from "./operator-state.ts";
import { PARTITION } from "./partition.ts";
import { ROLLING, ROLLING_NUMBER } from "./rolling.ts";
import { FILTER, FLAT_MAP, FLAT_MAP_ITERABLE, MAP } from "./stateless.ts";
import { SESSION, SLIDING, TUMBLING } from "./time-window.ts";
import { PUT_OFF, REPEAT, SORT } from "./timers.ts";
import { TIMESTAMPS } from "./timestamps.ts";
import { EARLY_WINDOW, GLOBAL_WINDOW, WHOLE_INPUT } from "./trigger-window.ts";

export const STAGES: Readonly<Record<string, Stage>> = {
  map: MAP,
  filter: FILTER,
  "flat-map": FLAT_MAP,
  "flat-map-iterable": FLAT_MAP_ITERABLE,
  union: UNION,
  "union-with-itself": UNION_WITH_ITSELF,
  connect: CONNECT,
  "side-output": SIDE_OUTPUT,
  partition: PARTITION,
  "operator-state": OPERATOR_STATE,
  timestamps: TIMESTAMPS,
  rolling: ROLLING,
  "rolling-number": ROLLING_NUMBER,
  "every-state": EVERY_STATE,
  sort: SORT,
  "put-off": PUT_OFF,
  repeat: REPEAT,
  tumbling: TUMBLING,
  sliding: SLIDING,
  session: SESSION,
  "count-window": COUNT_WINDOW,
  "early-window": EARLY_WINDOW,
  "global-window": GLOBAL_WINDOW,
  "whole-input": WHOLE_INPUT,
  "join-by-time": JOIN_BY_TIME,
  "as-of-join": AS_OF_JOIN,
};
