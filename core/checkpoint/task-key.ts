/** A subtask's attempt as the key of a map. */
import type { SubtaskId } from "../graph/messages.ts";

export function taskKey(task: SubtaskId): string {
  return `${task.vertex}/${task.subtask}#${task.attempt}`;
}
