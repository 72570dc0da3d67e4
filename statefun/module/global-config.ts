/**
 * Global configuration: text by key, for all modules of an application, such as the address of a broker.
 *
 * What code gives is the lowest, then options `statefun.module.global-config.<key>`, then `--global-config <key>=<value>` of the job's arguments.
 */
import { refuse } from "../../core/api/refuse.ts";
import { GLOBAL_CONFIG_PREFIX } from "../../core/util/config.ts";
import type { ConfigValues } from "../../core/util/config.ts";

/** What modules read. `config.get("kafka-address") ?? "kafka-broker:9092"`. */
export class GlobalConfig implements ReadonlyMap<string, string> {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: Iterable<readonly [string, string]> = []) {
    this.#values = new Map(values);
  }

  /** The value of a key, or `undefined`. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** The value of a key, or this one. */
  getOrDefault(key: string, otherwise: string): string {
    return this.#values.get(key) ?? otherwise;
  }

  /** Whether a key has a value. */
  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** How many keys there are. */
  get size(): number {
    return this.#values.size;
  }

  /** All keys with their values, in order of insertion. */
  entries(): MapIterator<[string, string]> {
    return this.#values.entries();
  }

  /** All keys. */
  keys(): MapIterator<string> {
    return this.#values.keys();
  }

  /** All values. */
  values(): MapIterator<string> {
    return this.#values.values();
  }

  /** Calls the function with each value and its key. */
  forEach(visit: (value: string, key: string, map: ReadonlyMap<string, string>) => void): void {
    for (const [key, value] of this.#values) visit(value, key, this);
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#values[Symbol.iterator]();
  }
}

export interface GlobalConfigParts {
  readonly code?: Readonly<Record<string, string>> | undefined;
  /** Of the environment; keys without the prefix are options of others. */
  readonly options?: ConfigValues | undefined;
  /** Texts `key=value`. */
  readonly args?: readonly string[] | undefined;
}

/** Errors: `MR9046` an argument that is no `key=value`. */
export function globalConfigOf({ code = {}, options = {}, args = [] }: GlobalConfigParts): GlobalConfig {
  const fromOptions = Object.entries(options)
    .filter(([key]) => key.startsWith(GLOBAL_CONFIG_PREFIX))
    .map(([key, value]) => [key.slice(GLOBAL_CONFIG_PREFIX.length), String(value)] as const);
  return new GlobalConfig([...Object.entries(code), ...fromOptions, ...args.map(pairOf)]);
}

function pairOf(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals).trim(), text.slice(equals + 1)];
  return refuse("MR9046", `--global-config takes key=value, such as kafka-address=broker:9092, not "${text}"`);
}
