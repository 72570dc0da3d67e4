/** The functions of one subtask by type: those that were named, and those of whole namespaces, which are made when their first message comes. */
import type { TypeName } from "../address.ts";
import type { FunctionDefinition, NamespaceDefinition } from "../define/function-definition.ts";
import { LiveFunction } from "./live-function.ts";

type LiveServices = ConstructorParameters<typeof LiveFunction>[1];

export class FunctionTable {
  /** Messages go to and fro between few functions at a time. */
  last: LiveFunction | undefined = undefined;
  lastButOne: LiveFunction | undefined = undefined;
  readonly #live = new Map<TypeName, LiveFunction>();
  readonly #namespaces: ReadonlyMap<string, NamespaceDefinition>;
  readonly #services: LiveServices;

  constructor(
    defined: {
      readonly functions: readonly FunctionDefinition[];
      readonly namespaces: readonly NamespaceDefinition[];
    },
    services: LiveServices,
  ) {
    this.#services = services;
    this.#namespaces = new Map(defined.namespaces.map((namespace) => [namespace.namespace, namespace]));
    for (const definition of defined.functions) this.#live.set(definition.type, new LiveFunction(definition, services));
  }

  /** Hot. Undefined: there is no such function. */
  find(type: TypeName): LiveFunction | undefined {
    const { last } = this;
    if (last !== undefined && last.type === type) return last;
    const { lastButOne } = this;
    if (lastButOne === undefined || lastButOne.type !== type) return this.#look(type);
    this.lastButOne = last;
    this.last = lastButOne;
    return lastButOne;
  }

  #look(type: TypeName): LiveFunction | undefined {
    const found = this.#live.get(type) ?? this.#make(type);
    if (found === undefined) return undefined;
    this.lastButOne = this.last;
    this.last = found;
    return found;
  }

  #make(type: TypeName): LiveFunction | undefined {
    const namespace = this.#namespaces.get(type.slice(0, type.lastIndexOf("/")));
    if (namespace === undefined) return undefined;
    const made = new LiveFunction(namespace.functionOf(type), this.#services);
    this.#live.set(type, made);
    return made;
  }
}
