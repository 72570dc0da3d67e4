/**
 * How persisted fields find their state: they are looked up on a function object, and attached to its slot, in which the turn at hand stands.
 *
 * In:    objects that a provider made. Out: the definitions of their states, and fields that work in turns.
 */
import { memberOf, refuse } from "../../core/api/refuse.ts";
import { MillraceError } from "../../core/util/errors.ts";
import type { TypeName } from "../address.ts";
import type { StateDefinition } from "./function-definition.ts";
import { stateDefinitionsOf } from "./state-specs.ts";
import type { StateSpecs } from "./state-specs.ts";

/** The turn of a function object: its fields look here. */
export interface TurnSlot {
  /** Undefined between turns. */
  state: Record<string, unknown> | undefined;
}

/** What a persisted field is to the function object that owns it. */
export interface Field {
  readonly name: string;
  readonly spec: StateSpecs[string];
  /** Undefined: it was not found on a function object. */
  slot: TurnSlot | undefined;
}

export interface Persisted {
  /** @internal */
  readonly persistedField: Field;
}

export function newField(caller: string, name: string, spec: StateSpecs[string]): Field {
  if (typeof name !== "string" || name.trim() === "" || name === "__proto__")
    refuse("MR9015", `${caller}.of(name) takes the name under which the state is saved, text that is not empty`);
  return { name, spec, slot: undefined };
}

/** The state of the turn at hand. */
export function stateOf({ name, slot }: Field): Record<string, unknown> {
  if (slot?.state !== undefined) return slot.state;
  const sentence =
    slot === undefined
      ? `the state "${name}" belongs to no function: make it a field of the object that the provider returns, readonly x = PersistedValue.of(...), neither static nor #private`
      : `the state "${name}" was used outside of a turn: use it in invoke(context, input), and in what invoke awaits`;
  throw new MillraceError("MR9016", sentence, { retryable: false });
}

/** The persisted fields of a function object: its own, neither those of its class nor of objects that it holds. */
function fieldsOf(owner: TypeName, instance: object): readonly Field[] {
  for (const [property, candidate] of Object.entries(Object.getOwnPropertyDescriptors(instance.constructor))) {
    if (fieldOf(candidate.value) === undefined) continue;
    refuse(
      "MR9015",
      `the state "${property}" of ${owner} is static, and would be shared by all functions: make it a field of the object`,
    );
  }
  return Object.values(instance).flatMap((candidate: unknown) => fieldOf(candidate) ?? []);
}

function fieldOf(candidate: unknown): Field | undefined {
  return memberOf(candidate, "persistedField") as Field | undefined; // nothing else has a property of that name
}

/** What a function object declares. `MR9012`: two of its fields have one name. */
export function declaredFields(owner: TypeName, instance: object): readonly StateDefinition[] {
  const fields = fieldsOf(owner, instance);
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) refuse("MR9015", `two fields of ${owner} have the name "${name}": name them apart`);
    names.add(name);
  }
  return stateDefinitionsOf(owner, Object.fromEntries(fields.map(({ name, spec }) => [name, spec])));
}

/** Lets the fields of a function object reach the turns of `slot`. They must be the declared ones. */
export function attachFields(
  owner: TypeName,
  instance: object,
  slot: TurnSlot,
  declared: readonly StateDefinition[],
): void {
  const fields = fieldsOf(owner, instance);
  const known = declared.map(({ name }) => name);
  const different = fields.length !== known.length || fields.some(({ name }) => !known.includes(name));
  if (different)
    refuse(
      "MR9015",
      `the provider of ${owner} makes objects with different states: all of them declare the same fields`,
    );
  for (const field of fields) {
    if (field.slot !== undefined)
      refuse(
        "MR9015",
        `the state "${field.name}" of ${owner} belongs to two objects: make it in the class, readonly x = PersistedValue.of(...), and a new object per call of the provider`,
      );
    field.slot = slot;
  }
}
