/** Planted bugs in windows: what a window holds, when it fires, who is late. */
import type { Mutant } from "./mutant.ts";

const SESSION = "core/operators/window/session.ts";

export const WINDOW_MUTANTS: readonly Mutant[] = [
  {
    id: "absorbed-session-lost",
    waits: "a longer search",
    file: SESSION,
    find: `    this.#folded?.update(merged as A);`,
    replace: ``,
    about: "when a record joins two sessions, what the later one held is lost",
  },
  {
    id: "absorbed-session-awake",
    waits: "a longer search than 150 runs",
    file: SESSION,
    find: `    this.#sleep(other);`,
    replace: ``,
    about: "the timer of a session that was absorbed stays, and belongs to whoever gets its number next",
  },
  {
    id: "session-grows-unseen",
    waits: "a longer search",
    file: SESSION,
    find: `    touched.endMs = reachEndMs;`,
    replace: `    touched.endMs = Math.max(touched.endMs, endMs);`,
    about: "a session that absorbs others ends where the joining record does, not where the last of them did",
  },
  {
    id: "slice-behind-a-gap",
    waits: "a longer search than 150 runs",
    file: "core/operators/window/sliding.ts",
    find: `const chained = before !== undefined && this.#lastMsOf(this.#lastWindow(before)) > reachedMs;`,
    replace: `const chained = before !== undefined;`,
    about: "a slice behind windows that have ended waits for a timer that they no longer have",
  },
  {
    id: "restored-window-reopened",
    waits: "a longer search than 150 runs",
    file: "core/operators/window/tumbling.ts",
    find: `return this.#restored ? Math.max(watermarkMs, this.#state.restoredWatermarkMs()) : watermarkMs;`,
    replace: `return watermarkMs;`,
    about: "after a rescale a tumbling window is opened again that the subtask before had purged",
  },
  {
    id: "lateness-ignored",
    waits: "a longer search than 150 runs",
    file: "core/operators/window/tumbling.ts",
    find: `    if (lastMs + this.#latenessMs <= watermarkMs) {`,
    replace: `    if (lastMs <= watermarkMs) {`,
    about: "records that are late, but within the allowed lateness, are dropped",
  },
];
