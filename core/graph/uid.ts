/**
 * Operator ids: what state is filed under, so they must survive new versions of the job.
 *
 * In:   the stream nodes, in the order of the program. Out: one id per node, and warnings.
 *
 * A uid decides alone. A stateful operator without one is found by its name, or, if it was never named, by its kind and its place among
 * the stateful operators of that kind; so stateless operators come and go without moving any state. Stateless operators own nothing and
 * are numbered.
 */
import { MillraceError, assert } from "../util/errors.ts";
import type { JobWarning } from "./job-graph-types.ts";
import { hasOwnName, operatorLabel, operatorName } from "./operator-name.ts";
import { stableHash } from "./stable-hash.ts";
import type { StreamNode } from "./stream-graph.ts";

type Node = Readonly<StreamNode>;

export interface OperatorIds {
  /** By node id. */
  readonly ids: readonly string[];
  readonly warnings: readonly JobWarning[];
}

/** The id of an operator with this uid, in every job and version. */
export function operatorIdOfUid(uid: string): string {
  return stableHash(`uid ${uid}`);
}

export function assignOperatorIds(nodes: readonly Node[], options: { readonly autoGenerate: boolean }): OperatorIds {
  refuseBadUids(nodes);
  const unidentified = nodes.filter((node) => node.stateful && node.uid === undefined);
  if (!options.autoGenerate) refuseMissingUids(unidentified);
  refuseAmbiguousNames(unidentified);
  const ids = nodes.map((node) => idOf(node, nodes));
  assert(new Set(ids).size === ids.length, "no two operators share an id");
  const warnings = unidentified.map((node): JobWarning => {
    const sentence = `operator ${operatorLabel(node)} has state but no uid: give it one, .uid("..."), so that later versions of the job find its state`;
    return { kind: "missing-uid", sentence };
  });
  return { ids, warnings };
}

function idOf(node: Node, nodes: readonly Node[]): string {
  if (node.uid !== undefined) return operatorIdOfUid(node.uid);
  if (!node.stateful) return stableHash(`position ${node.id}`);
  if (hasOwnName(node)) return stableHash(`name ${operatorName(node)}`);
  // Operators with uid count too: giving one to the first does not move the state of the second.
  const ordinal = nodes.filter(
    (other) => other.id < node.id && other.stateful && other.kind === node.kind && !hasOwnName(other),
  ).length;
  return stableHash(`kind ${node.kind} ${ordinal}`);
}

function refuseBadUids(nodes: readonly Node[]): void {
  const byUid = new Map<string, Node>();
  for (const node of nodes) {
    if (node.uid === undefined) continue;
    if (node.uid.trim() === "")
      throw new MillraceError(
        "MR1023",
        `the uid of operator ${operatorLabel(node)} is empty: give it a text of its own`,
        { retryable: false },
      );
    const other = byUid.get(node.uid);
    if (other !== undefined) {
      throw new MillraceError(
        "MR1023",
        `operators ${operatorLabel(other)} and ${operatorLabel(node)} both have the uid "${node.uid}": give each its own`,
        { retryable: false },
      );
    }
    byUid.set(node.uid, node);
  }
}

function refuseMissingUids(unidentified: readonly Node[]): void {
  if (unidentified.length === 0) return;
  const names = unidentified.map((node) => operatorLabel(node)).join(", ");
  throw new MillraceError(
    "MR1024",
    `these operators have state but no uid, and pipeline.auto-generate-uids is off: ${names}; call .uid("...") on each`,
    { retryable: false },
  );
}

/** Names were given so that order does not matter; numbering operators of one name would swap their state when the program is reordered. */
function refuseAmbiguousNames(unidentified: readonly Node[]): void {
  const byName = new Map<string, Node>();
  for (const node of unidentified) {
    if (!hasOwnName(node)) continue;
    const name = operatorName(node);
    const other = byName.get(name);
    if (other !== undefined) {
      const sentence = `operators ${operatorLabel(other)} and ${operatorLabel(node)} have state, one name and no uid, so their state could be mixed up: give each a uid`;
      throw new MillraceError("MR1025", sentence, { retryable: false });
    }
    byName.set(name, node);
  }
}
