/**
 * How master and tasks find out together that a loop has come to rest: nothing waits in any of its channels, nobody works, nothing is under way.
 *
 * Each task counts the records that it has sent into the loop and taken out of it, in its attempt. Where all tasks rest and two rounds of questions bring the
 * same counts, as many sent as taken, no record was on its way in between (Mattern's four counters).
 */

export interface LoopCount {
  readonly sent: number;
  readonly taken: number;
}

export type LoopToTask =
  | { readonly type: "loop-count"; readonly round: number }
  /** The loop rests: does anything remain that the task would do now? */
  | { readonly type: "loop-rests"; readonly round: number }
  /** Nobody had anything left: the loop ends. */
  | { readonly type: "loop-over" };

export type TaskToLoop =
  /** All inputs but the loop have ended. Once per attempt. */
  | { readonly type: "loop-alone" }
  | { readonly type: "loop-counted"; readonly round: number; readonly rests: boolean; readonly count: LoopCount }
  | { readonly type: "loop-asked"; readonly round: number; readonly goesOn: boolean };

export function isLoopToTask(event: unknown): event is LoopToTask {
  const type = typeOf(event);
  return type === "loop-count" || type === "loop-rests" || type === "loop-over";
}

export function isTaskToLoop(event: unknown): event is TaskToLoop {
  const type = typeOf(event);
  return type === "loop-alone" || type === "loop-counted" || type === "loop-asked";
}

function typeOf(event: unknown): unknown {
  return typeof event === "object" && event !== null && "type" in event ? event.type : undefined;
}
