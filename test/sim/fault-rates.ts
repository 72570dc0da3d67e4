/** What plans made by chance draw from: how often each fault strikes where it does, and the disasters. */
import { STORAGE_FAULTS } from "./disk.ts";
import { ELECTION_FAULTS } from "./election.ts";
import { JOB_FAULTS } from "./fault-sites.ts";
import type { DisasterKind, FaultSite } from "./plan.ts";

/** Times per thousand where the fault strikes at all. */
export const RATES: Readonly<Record<FaultSite, number>> = {
  record: 5,
  snapshot: 50,
  state: 10,
  recovery: 150,
  "commit-before": 60,
  "commit-after": 60,
  enumerator: 60,
  write: 40,
  "write-unknown": 40,
  torn: 40,
  read: 60,
  delete: 60,
  "delete-unknown": 60,
  slow: 60,
  "late-list": 300,
  pointer: 60,
  "pointer-unknown": 100,
  "pointer-list": 100,
};

export const SITES: readonly FaultSite[] = [...JOB_FAULTS, ...STORAGE_FAULTS, ...ELECTION_FAULTS];

export const KINDS: readonly DisasterKind[] = [
  "crash-slot",
  "crash-slot",
  "crash-master",
  "crash-master",
  "crash-all",
  "pause-slot",
  "pause-slot",
  "pause-master",
  "pause-master",
  "part-slot",
  "part-master",
  "break-connection",
  "break-connection",
];
