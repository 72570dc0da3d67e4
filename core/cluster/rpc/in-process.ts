/**
 * Gateways within one process: an object with the methods of its target, each of which posts a message to the target's endpoint.
 *
 * Methods of gateways return nothing; answers are messages too. Arguments are handed over as they are, so they must not change afterwards.
 */
import type { Endpoint } from "./endpoint.ts";

/** An interface whose methods can be messages. */
export type Gateway<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => void ? (...args: A) => void : never;
};

export function inProcessGateway<T extends object>(endpoint: Endpoint, target: T): Gateway<T> {
  const methods = new Map<string | symbol, (...args: unknown[]) => void>();
  return new Proxy(target, {
    get(_target, name) {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const method = (...args: unknown[]): void =>
        endpoint.post(() => void Reflect.apply(Reflect.get(target, name) as () => void, target, args)); // a message is a method call
      methods.set(name, method);
      return method;
    },
  }) as Gateway<T>; // every property is a method that posts
}
