/** Calls as messages of a simulated connection: what is called at one end happens at the other, in order, or never if the connection breaks. */
import type { Gateway } from "../../core/cluster/rpc/in-process.ts";
import type { History } from "./history.ts";
import type { Connection } from "./network.ts";

/** `target` is asked at the other end, when the message is there; undefined: nobody takes it any more. */
export function remoteGateway<T extends object>(
  connection: Connection,
  from: 0 | 1,
  options: {
    readonly history: History;
    readonly target: () => T | undefined;
    readonly methods: readonly (keyof T)[];
  },
): Gateway<T> {
  const { history, target, methods } = options;
  const [here, there] = [connection.ends[from].process.name, connection.ends[from === 0 ? 1 : 0].process.name];
  const entries = methods.map((method) => [
    method,
    (...args: unknown[]): void => {
      connection.send(from, () => {
        if (method !== "beat") history.note({ kind: "message", from: here, to: there, what: String(method) });
        const receiver = target();
        if (receiver !== undefined) Reflect.apply(receiver[method] as () => void, receiver, args); // a message is a method call
      });
    },
  ]);
  return Object.fromEntries(entries) as Gateway<T>; // one entry per method
}
