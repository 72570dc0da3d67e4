/** `FunctionType`: the name of a function in two parts, for those who come from the original. */
import { refuse } from "../../core/api/refuse.ts";
import { described } from "../../core/util/errors.ts";
import { requireTypeName } from "../address.ts";
import type { TypeName } from "../address.ts";

/**
 * The type of a function: a namespace and a name.
 *
 * Errors: `MR9001` one of them is empty, or the name has a slash.
 * Source: `FunctionType` of Flink's Stateful Functions.
 *
 * @example
 * const greeter = new FunctionType("apache", "greeter");
 * console.log(greeter.typeName); // apache/greeter
 */
export class FunctionType {
  readonly namespace: string;
  readonly name: string;
  /** `namespace/name`, as it stands in addresses. */
  readonly typeName: TypeName;

  constructor(namespace: string, name: string) {
    this.typeName = joined(namespace, name, "function");
    this.namespace = namespace;
    this.name = name;
  }

  /** From `namespace/name`, divided at the last slash. */
  static parseFrom(typeName: string): FunctionType {
    const known = requireTypeName(typeName, "function");
    const slash = known.lastIndexOf("/");
    return new FunctionType(known.slice(0, slash), known.slice(slash + 1));
  }

  /** The same as `typeName`, for texts. */
  toString(): string {
    return this.typeName;
  }
}

/** The name of a function, ingress or egress from its two parts. */
export function joined(namespace: string, name: string, of: string): TypeName {
  if (typeof namespace !== "string" || typeof name !== "string")
    refuse(
      "MR9001",
      `the namespace and the name of a ${of} are text, not ${described(typeof namespace === "string" ? name : namespace)}`,
    );
  if (name.includes("/")) refuse("MR9001", `"${name}" is no name of a ${of}: it has a slash, which ends the namespace`);
  return requireTypeName(`${namespace}/${name}`, of);
}
