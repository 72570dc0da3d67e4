/** Entry `millrace/cluster`: running jobs on threads from code. */
export { MiniCluster } from "./mini-cluster.ts";
export type { MiniClusterOptions, SubmitOptions } from "./mini-cluster.ts";
