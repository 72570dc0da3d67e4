/** A plan as text, for the line that replays a run: what differs from a calm one, as JSON. */
import { MillraceError } from "../../../core/util/errors.ts";
import { CALM } from "../plan.ts";
import type { SimPlan } from "../plan.ts";
import { requireKnown } from "./given.ts";

export function replayOf(plan: SimPlan): string {
  const calm: Readonly<Record<string, unknown>> = { ...CALM };
  const given: Readonly<Record<string, unknown>> = { ...CALM, ...plan }; // one order, whoever made the plan
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(given).filter(
        ([key, value]) => key === "seed" || JSON.stringify(value) !== JSON.stringify(calm[key]),
      ),
    ),
  );
}

export function planOfReplay(replay: string): SimPlan {
  let given: unknown;
  try {
    given = JSON.parse(replay);
  } catch (error) {
    throw unreadable(error);
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw unreadable(undefined);
  requireKnown(given, "the plans that `replay` brings again", Object.keys(CALM));
  return { ...CALM, ...given };
}

function unreadable(cause: unknown): MillraceError {
  return new MillraceError("MR8003", "`replay` is the text that a failure printed behind that word, as it was", {
    cause,
  });
}
