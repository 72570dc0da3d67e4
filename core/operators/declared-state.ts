/**
 * Binds what a process function declares under `state`, once, before its first record.
 *
 * In:  declarations by name; the services of the operator.
 * Out: the handles that the function sees as `ctx.state`, under the same names.
 */
import type { KeyedDescriptor, StateDeclarations, StateDescriptor, StateHandles } from "../state/descriptors.ts";
import { MillraceError } from "../util/errors.ts";
import type { OperatorServices } from "./operator.ts";

/** `unkeyed` refuses keyed declarations (`MR1051`); operator lists are allowed everywhere. */
export function bindDeclaredState<S extends StateDeclarations>(
  services: OperatorServices<never>,
  declarations: S | undefined,
  input: "keyed" | "unkeyed",
): StateHandles<S> {
  const handles: Record<string, unknown> = {};
  for (const [name, declaration] of Object.entries(declarations ?? {})) {
    handles[name] = bind(services, name, declaration as StateDescriptor, input); // only the descriptors of `core/state` have these kinds
  }
  return handles as StateHandles<S>; // each handle is of the kind that its declaration names
}

function bind(
  services: OperatorServices<never>,
  name: string,
  descriptor: StateDescriptor,
  input: "keyed" | "unkeyed",
): unknown {
  if (descriptor.kind === "operator-list") return services.operatorState.list(name, descriptor.mode);
  if (input === "unkeyed") throw keyedStateWithoutKey(services.task.name, name, descriptor.kind);
  return services.keyedState.bind(name, descriptor);
}

function keyedStateWithoutKey(operator: string, name: string, kind: KeyedDescriptor["kind"]): MillraceError {
  return new MillraceError(
    "MR1051",
    `"${operator}" declares the keyed state "${name}" (${kind}), but its stream has no key: call keyBy before it, or declare an operatorList`,
    { retryable: false },
  );
}
