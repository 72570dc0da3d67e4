/** Where `listSource` was before it moved to `sim/pipelines`, for tests that still look here. */
export { listSource } from "../sim/pipelines/list-source.ts";
