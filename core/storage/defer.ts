/** How an in-memory seam answers later: `clock.yield` bound to its clock in a process, the simulator's queue in a simulation. */
export type Defer = (callback: () => void) => void;
