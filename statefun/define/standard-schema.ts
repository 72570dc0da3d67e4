/**
 * The interface that schema libraries agreed on (standardschema.dev), as far as it is used here: zod, valibot, arktype and others have it, so that no
 * library is depended on. Types only.
 */
export interface StandardSchema<I = unknown, O = I> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>;
    /** Carries the types only; libraries never set it. */
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

/** `issues` decides: where there are any, the value was refused. */
export type StandardResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
