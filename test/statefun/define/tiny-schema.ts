/** A schema library of a few lines, with the interface that zod, valibot and arktype have: what is checked here holds for them. */
import type { StandardIssue, StandardSchema } from "../../../statefun/define/standard-schema.ts";

/** `convert` returns the value that takes the place of what it is given, or the reasons why it is none. */
export function schema<I, O = I>(convert: (value: unknown) => O | readonly StandardIssue[]): StandardSchema<I, O> {
  return {
    "~standard": {
      version: 1,
      vendor: "tiny",
      validate: (value) => {
        const result = convert(value);
        return isIssues(result) ? { issues: result } : { value: result };
      },
    },
  };
}

function isIssues(result: unknown): result is readonly StandardIssue[] {
  return (
    Array.isArray(result) &&
    result.length > 0 &&
    result.every((issue) => typeof issue === "object" && issue !== null && "message" in issue)
  );
}

export const text: StandardSchema<string> = schema<string>((value) =>
  typeof value === "string" ? value : [{ message: "not text" }],
);

export const wholeNumber: StandardSchema<number> = schema<number>((value) =>
  typeof value === "number" && Number.isInteger(value) ? value : [{ message: "no whole number" }],
);

/** Takes text from outside, and makes a number of it. */
export const digits: StandardSchema<string, number> = schema<string, number>((value) =>
  typeof value === "string" && /^\d+$/.test(value) ? Number(value) : [{ message: "no digits" }],
);

export interface GreetRequest {
  readonly who: string;
}

export const greetRequest: StandardSchema<GreetRequest> = schema<GreetRequest>((value) => {
  const who: unknown = typeof value === "object" && value !== null && "who" in value ? value.who : undefined;
  return typeof who === "string" ? { who } : [{ message: "not text", path: ["who"] }];
});

/** As a library with asynchronous refinements would answer. */
export const asynchronous: StandardSchema<string> = {
  "~standard": { version: 1, vendor: "tiny", validate: (value) => Promise.resolve({ value: String(value) }) },
};
