/** `MILLRACE_SEED=<seed> npx vitest run <file>` runs the properties of a file again with the seed that a failure printed. */
export const replay: { readonly seed?: number } =
  process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
