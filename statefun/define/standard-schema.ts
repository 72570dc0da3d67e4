/** The interface of schema libraries, under the name that users of functions know; see core/types/standard-schema.ts. */
export type { StandardIssue, StandardResult, StandardSchema } from "../../core/types/standard-schema.ts";
