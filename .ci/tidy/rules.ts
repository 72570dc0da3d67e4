/** All rules over the sources, in the order in which they are reported. */
import { bans } from "./bans.ts";
import { casts, disables } from "./casts.ts";
import { copies } from "./copies.ts";
import { docFrames } from "./doc-frames.ts";
import { errorCodes } from "./error-codes.ts";
import { layers } from "./layers.ts";
import { metrics } from "./metrics.ts";
import { mirrors } from "./mirrors.ts";
import { names } from "./names.ts";
import type { Rule } from "./project.ts";
import { fileLength, headComment, moduleState } from "./shape.ts";

export const RULES: readonly Rule[] = [
  bans,
  names,
  layers,
  headComment,
  fileLength,
  moduleState,
  casts,
  disables,
  errorCodes,
  metrics,
  mirrors,
  copies,
  docFrames,
];
