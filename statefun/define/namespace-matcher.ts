/** `FunctionTypeNamespaceMatcher`: all functions of a namespace, for providers that make them as they are needed. */
import { refuse } from "../../core/api/refuse.ts";
import type { FunctionType } from "./function-type.ts";

/**
 * All functions of a namespace, whatever their name.
 *
 * Errors: `MR9018` the namespace is empty.
 * Source: `FunctionTypeNamespaceMatcher` of Flink's Stateful Functions.
 *
 * @example
 * const everyShop = FunctionTypeNamespaceMatcher.targetNamespace("shop");
 * console.log(everyShop.matches(new FunctionType("shop", "cart")));
 */
export class FunctionTypeNamespaceMatcher {
  readonly targetNamespace: string;

  private constructor(namespace: string) {
    this.targetNamespace = namespace;
  }

  /** The functions of this namespace, and not those of namespaces inside of it. */
  static targetNamespace(namespace: string): FunctionTypeNamespaceMatcher {
    if (typeof namespace !== "string" || namespace.trim() === "")
      refuse("MR9018", "targetNamespace() takes the name of a namespace, text that is not empty");
    return new FunctionTypeNamespaceMatcher(namespace);
  }

  /** Whether a function is one of them. */
  matches(type: FunctionType): boolean {
    return type.namespace === this.targetNamespace;
  }
}
