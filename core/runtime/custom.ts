/** The operator behind `stream.transform(name, makeOperator)`: whatever the author of an operator makes of the same services. */
import type { Operator, OperatorServices } from "../operators/operator.ts";

export interface CustomOptions {
  readonly create: (services: OperatorServices<unknown>) => Operator;
}

export function createOperator(services: OperatorServices<unknown>, options: CustomOptions): Operator {
  return options.create(services);
}
