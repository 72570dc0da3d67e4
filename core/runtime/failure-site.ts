/**
 * Finds which operator of a chain an error came from, without any cost per record: the innermost frame of an operator's file in the stack.
 *
 * With copies the frame names the position exactly; with shared modules it names the file, which decides unless the chain holds it twice.
 */
import type { JobOperator } from "../graph/job-graph-types.ts";

const FRAME = /core\/(?:operators|runtime)\/([\w/-]+)\.[jt]s(?:\?[0-9a-f]+\/(\d+)\/(\d+))?/;

/** Undefined if the stack does not tell. */
export function failureSite(error: unknown, operators: readonly JobOperator[]): JobOperator | undefined {
  if (operators.length === 1) return operators[0];
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  for (const line of error.stack.split("\n")) {
    const [, module, , index] = FRAME.exec(line) ?? [];
    if (module === undefined) continue;
    if (index !== undefined && operators[Number(index)]?.spec.module === module) return operators[Number(index)];
    const candidates = operators.filter((operator) => operator.spec.module === module);
    if (candidates.length === 1) return candidates[0];
    if (candidates.length > 1) return undefined;
  }
  return undefined;
}
