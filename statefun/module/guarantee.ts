/** The guarantee of an egress, and whether its sinks keep it. */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";

/** `exactly-once`: values appear with the checkpoint that contains their turn. `at-least-once`: at once, and some again after a failure. */
export type Guarantee = "exactly-once" | "at-least-once";

/** A sink, and how it is called where there may be several. */
export interface GuaranteedSink {
  readonly name?: string;
  readonly sink: unknown;
}

const CURES: Readonly<Record<Guarantee, string>> = {
  "exactly-once": `has no committer, so values of turns that are rolled back have been written already; take a sink that commits, such as fileSink() or a kafkaSink() with deliveryGuarantee: "exactly-once", or "at-least-once"`,
  "at-least-once": `shows values only when it commits them, with a checkpoint; take a sink that writes at once, or "exactly-once"`,
};

/** Errors: `MR9045`. */
export function requireKnownGuarantee(name: TypeName, guarantee: unknown): asserts guarantee is Guarantee {
  if (guarantee === "exactly-once" || guarantee === "at-least-once") return;
  refuse(
    "MR9045",
    `the guarantee of the egress ${name} cannot be ${described(guarantee)}: it is "exactly-once" or "at-least-once"`,
  );
}

const LOSES =
  "may lose values in a failure, since no checkpoint waits for it; have it wait, or leave the guarantee out";

/** A sink with a committer is exactly once, one without is at least once, unless it says that it may lose something. Errors: `MR9045`. */
export function requireGuarantee(name: TypeName, guarantee: Guarantee, sinks: readonly GuaranteedSink[]): void {
  const complain = (why: string): never =>
    refuse("MR9045", `the guarantee of the egress ${name} cannot be ${guarantee}: ${why}`);
  if (sinks.length === 0) complain("there is no sink behind the function of its stream; add one, or leave it out");
  const commits = guarantee === "exactly-once";
  for (const { name: called, sink } of sinks) {
    const its = called === undefined ? "its sink" : `its sink "${called}"`;
    if (memberOf(sink, "mayLose") === true) complain(`${its} ${LOSES}`);
    if ((typeof memberOf(sink, "createCommitter") === "function") !== commits) complain(`${its} ${CURES[guarantee]}`);
  }
}
