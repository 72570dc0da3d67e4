/**
 * The functions of one subtask by type: those that were named, and those of whole namespaces, which are made when their first message comes.
 *
 * State: functions stay, once they are made. Names may come from strangers, so those that providers refuse, and those that requests bring about, are no more than so many.
 */
import { namespaceOf } from "../address.ts";
import type { TypeName } from "../address.ts";
import type { FunctionDefinition, Handler, NamespaceDefinition } from "../define/function-definition.ts";
import { LiveFunction } from "./live-function.ts";
import type { MissingFunction } from "./missing-function.ts";

type LiveServices = ConstructorParameters<typeof LiveFunction>[2];

export interface DefinedFunctions {
  readonly functions: readonly FunctionDefinition[];
  readonly namespaces: readonly NamespaceDefinition[];
  /** Functions of namespaces that are there since a request has named them, at most. Default: no bound. */
  readonly httpFunctionsMax?: number | undefined;
}

/** Those that came first are forgotten. */
const REFUSED_NAMES_MAX = 1_024;

export class FunctionTable {
  /** Messages go to and fro between few functions at a time. */
  last: LiveFunction | undefined = undefined;
  lastButOne: LiveFunction | undefined = undefined;
  readonly #live = new Map<TypeName, LiveFunction>();
  readonly #namespaces: ReadonlyMap<string, NamespaceDefinition>;
  /** What providers have thrown, by name: they are not asked for each message. */
  readonly #refused = new Map<TypeName, MissingFunction>();
  readonly #services: LiveServices;
  readonly #httpFunctionsMax: number;
  #httpFunctions = 0;

  constructor(defined: DefinedFunctions, services: LiveServices) {
    this.#services = services;
    this.#httpFunctionsMax = defined.httpFunctionsMax ?? Infinity;
    this.#namespaces = new Map(defined.namespaces.map((namespace) => [namespace.namespace, namespace]));
    for (const definition of defined.functions)
      this.#live.set(definition.type, new LiveFunction(definition, definition.createHandler(), services));
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

  /** For a request: strangers may name whatever they like, and functions stay for as long as the attempt. */
  findForRequest(type: TypeName): LiveFunction | undefined {
    if (this.#live.has(type)) return this.find(type);
    if (this.#httpFunctions >= this.#httpFunctionsMax) return undefined;
    const found = this.find(type);
    if (found !== undefined) this.#httpFunctions += 1;
    return found;
  }

  /** Why nothing was found just now. */
  missing(type: TypeName): MissingFunction {
    if (!this.#namespaces.has(namespaceOf(type))) return { why: "unbound" };
    return this.#refused.get(type) ?? { why: "too-many", max: this.#httpFunctionsMax };
  }

  #look(type: TypeName): LiveFunction | undefined {
    const found = this.#live.get(type) ?? this.#make(type);
    if (found === undefined) return undefined;
    this.lastButOne = this.last;
    this.last = found;
    return found;
  }

  /** What a provider throws makes no function of that name; it is no fault of the job. */
  #make(type: TypeName): LiveFunction | undefined {
    const namespace = this.#namespaces.get(namespaceOf(type));
    if (namespace === undefined || this.#refused.has(type)) return undefined;
    let definition: FunctionDefinition;
    let handler: Handler;
    try {
      definition = namespace.functionOf(type);
      handler = definition.createHandler();
    } catch (error) {
      this.#refuse(type, error);
      return undefined;
    }
    const made = new LiveFunction(definition, handler, this.#services);
    this.#live.set(type, made);
    return made;
  }

  #refuse(type: TypeName, thrown: unknown): void {
    const [oldest] = this.#refused.keys();
    if (oldest !== undefined && this.#refused.size >= REFUSED_NAMES_MAX) this.#refused.delete(oldest);
    this.#refused.set(type, { why: "refused", thrown });
  }
}
