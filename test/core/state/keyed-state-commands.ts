/** The commands of the keyed state property: small steps on a world, chosen and shrunk by fast-check. */
import fc from "fast-check";
import { canonicalKey, isPrimitiveKey } from "../../../core/types/key.ts";
import { KEYS, NAMESPACES, TTL_MS } from "./keyed-state-domain.ts";
import type { PlainState } from "./keyed-state-plain.ts";
import type { Handles, World } from "./keyed-state-world.ts";

export interface Command {
  run(world: World): void;
  toString(): string;
}

type Step = (handles: Handles, n: number) => unknown;
type PlainStep = (plain: PlainState, n: number) => unknown;

const MAP_KEYS: readonly unknown[] = ["x", "y", 7, "7", 7n, [1, "x"], { b: 1, a: 2 }, "\u0000tx", "\u0000", "z"];

function mapText(key: unknown): string {
  return isPrimitiveKey(key) ? `${typeof key} ${String(key as string)}` : canonicalKey(key); // any primitive prints
}

function putPlain<K, V>(entries: [string, K, V][], text: string, key: K, item: V): void {
  const known = entries.find(([other]) => other === text);
  if (known === undefined) entries.push([text, key, item]);
  else known[2] = item;
}

const bump = (item: number | { n: number }): number | { n: number } => {
  if (typeof item === "object") item.n += 1;
  return typeof item === "object" ? { n: item.n } : item;
};
const item = (n: number): number | { n: number } => (n % 2 === 0 ? n : { n });

/** Steps of one key: name, on the handles, on the model. */
const STEPS: readonly (readonly [string, Step, PlainStep])[] = [
  ["count.add", (s, n) => s.count.update(s.count.value() + n), (p, n) => void (p.row.count = (p.row.count ?? 0) + n)],
  ["count.value", (s) => s.count.value(), (p) => p.row.count ?? 0],
  ["count.clear", (s) => s.count.clear(), (p) => void (p.row.count = undefined)],
  ["box.update", (s, n) => s.box.update({ n }), (p, n) => void (p.row.box = n)],
  ["box.inPlace", (s) => void (s.box.value().n += 1), (p) => void (p.row.box === undefined ? 0 : (p.row.box += 1))],
  ["box.clear", (s) => s.box.clear(), (p) => void (p.row.box = undefined)],
  ["list.add", (s, n) => s.list.add(item(n)), (p, n) => void p.row.list.push(item(n))],
  [
    "list.addMany",
    (s, n) => s.list.addAll(Array.from({ length: 40 }, () => item(n))),
    (p, n) => void p.row.list.push(...Array.from({ length: 40 }, () => item(n))),
  ],
  ["list.get", (s) => s.list.get(), (p) => p.row.list],
  ["list.inPlace", (s) => s.list.get().map(bump), (p) => p.row.list.map(bump)],
  ["list.update", (s, n) => s.list.update([item(n), n]), (p, n) => void (p.row.list = [item(n), n])],
  ["list.isEmpty", (s) => s.list.isEmpty(), (p) => p.row.list.length === 0],
  ["list.clear", (s) => s.list.clear(), (p) => void (p.row.list = [])],
  [
    "map.put",
    (s, n) => s.map.put(MAP_KEYS[n % 10], item(n)),
    (p, n) => putPlain(p.row.map, mapText(MAP_KEYS[n % 10]), MAP_KEYS[n % 10], item(n)),
  ],
  [
    "map.get",
    (s, n) => s.map.get(MAP_KEYS[n % 10]),
    (p, n) => p.row.map.find(([text]) => text === mapText(MAP_KEYS[n % 10]))?.[2],
  ],
  [
    "map.has",
    (s, n) => s.map.has(MAP_KEYS[n % 10]),
    (p, n) => p.row.map.some(([text]) => text === mapText(MAP_KEYS[n % 10])),
  ],
  [
    "map.remove",
    (s, n) => s.map.remove(MAP_KEYS[n % 10]),
    (p, n) => void (p.row.map = p.row.map.filter(([text]) => text !== mapText(MAP_KEYS[n % 10]))),
  ],
  ["map.inPlace", (s) => [...s.map.values()].map(bump), (p) => p.row.map.map(([, , value]) => bump(value))],
  ["map.keys", (s) => [...s.map.keys()], (p) => p.row.map.map(([, key]) => key)],
  [
    "map.removeWhileIterating",
    (s, n) => {
      let index = 0;
      for (const [key] of s.map.entries()) if ((index++ + n) % 2 === 0) s.map.remove(key);
    },
    (p, n) => void (p.row.map = p.row.map.filter((_entry, index) => (index + n) % 2 !== 0)),
  ],
  ["map.isEmpty", (s) => s.map.isEmpty(), (p) => p.row.map.length === 0],
  ["map.clear", (s) => s.map.clear(), (p) => void (p.row.map = [])],
  ["sum.add", (s, n) => s.sum.add(n), (p, n) => void (p.row.sum = (p.row.sum ?? 0) + n)],
  ["sum.get", (s) => s.sum.get(), (p) => p.row.sum],
  ["sum.clear", (s) => s.sum.clear(), (p) => void (p.row.sum = undefined)],
  [
    "mean.add",
    (s, n) => s.mean.add(n),
    (p, n) => {
      p.row.mean ??= { n: 0, sum: 0 };
      p.row.mean.n += 1;
      p.row.mean.sum += n;
    },
  ],
  ["mean.clear", (s) => s.mean.clear(), (p) => void (p.row.mean = undefined)],
  ["ttlValue.update", (s, n) => s.ttlValue.update(n), (p, n) => void (p.row.ttlValue = { item: n, accessMs: p.nowMs })],
  ["ttlValue.value", (s) => s.ttlValue.value(), (p) => p.readTtlValue()],
  ["ttlValue.clear", (s) => s.ttlValue.clear(), (p) => void (p.row.ttlValue = undefined)],
  ["ttlList.add", (s, n) => s.ttlList.add(n), (p, n) => void p.expire().ttlList.push({ item: n, accessMs: p.nowMs })],
  ["ttlList.get", (s) => s.ttlList.get(), (p) => p.expire().ttlList.map((timed) => timed.item)],
  ["ttlList.isEmpty", (s) => s.ttlList.isEmpty(), (p) => p.expire().ttlList.length === 0],
  ["ttlList.clear", (s) => s.ttlList.clear(), (p) => void (p.row.ttlList = [])],
  [
    "ttlMap.put",
    (s, n) => s.ttlMap.put(`k${n % 4}`, n),
    (p, n) => {
      const { ttlMap } = p.expire();
      const known = ttlMap.find(([key]) => key === `k${n % 4}`);
      if (known === undefined) ttlMap.push([`k${n % 4}`, { item: n, accessMs: p.nowMs }]);
      else known[1] = { item: n, accessMs: p.nowMs };
    },
  ],
  [
    "ttlMap.get",
    (s, n) => s.ttlMap.get(`k${n % 4}`),
    (p, n) => p.expire().ttlMap.find(([key]) => key === `k${n % 4}`)?.[1].item,
  ],
  ["ttlMap.isEmpty", (s) => s.ttlMap.isEmpty(), (p) => p.expire().ttlMap.length === 0],
  ["ttlMap.clear", (s) => s.ttlMap.clear(), (p) => void (p.row.ttlMap = [])],
  [
    "ttlEvent.update",
    (s, n) => s.ttlEvent.update(n),
    (p, n) => void (p.row.ttlEvent = { item: n, accessMs: p.watermarkMs }),
  ],
  ["ttlEvent.value", (s) => s.ttlEvent.value(), (p) => p.expire().ttlEvent?.item],
];

/** Steps of one key and namespace. */
const WINDOW_STEPS: readonly (readonly [
  string,
  Step,
  (window: ReturnType<PlainState["window"]>, n: number) => unknown,
])[] = [
  ["perWindow.update", (s, n) => s.perWindow.update(n), (w, n) => void (w.value = n)],
  ["perWindow.value", (s) => s.perWindow.value(), (w) => w.value],
  ["perWindow.clear", (s) => s.perWindow.clear(), (w) => void (w.value = undefined)],
  ["perWindowList.add", (s, n) => s.perWindowList.add(n), (w, n) => void w.list.push(n)],
  ["perWindowList.get", (s) => s.perWindowList.get(), (w) => w.list],
  ["perWindowList.clear", (s) => s.perWindowList.clear(), (w) => void (w.list = [])],
  [
    "perWindowMap.put",
    (s, n) => s.perWindowMap.put(`k${n % 3}`, n),
    (w, n) => {
      const known = w.map.find(([key]) => key === `k${n % 3}`);
      if (known === undefined) w.map.push([`k${n % 3}`, n]);
      else known[1] = n;
    },
  ],
  [
    "perWindowMap.remove",
    (s, n) => s.perWindowMap.remove(`k${n % 3}`),
    (w, n) => void (w.map = w.map.filter(([key]) => key !== `k${n % 3}`)),
  ],
  ["perWindowMap.clear", (s) => s.perWindowMap.clear(), (w) => void (w.map = [])],
];

/** Mostly the same few, so that the cells of a key meet several epochs. */
const keyIndex = fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(KEYS.length - 1) });
const number = fc.nat(50);

function command(label: string, run: (world: World) => void): Command {
  return { run, toString: () => label };
}

const stateCommand = fc.tuple(keyIndex, fc.constantFrom(...STEPS), number).map(([key, [name, step, plainly], n]) =>
  command(`key ${key}: ${name} ${n}`, (world) =>
    world.onKey(
      key,
      (handles) => step(handles, n),
      (plain) => plainly(plain, n),
    ),
  ),
);

const windowCommand = fc
  .tuple(keyIndex, fc.constantFrom(...NAMESPACES.slice(0, 3)), fc.constantFrom(...WINDOW_STEPS), number)
  .map(([key, namespace, [name, step, plainly], n]) =>
    command(`key ${key}, window ${String(namespace)}: ${name} ${n}`, (world) =>
      world.onKey(
        key,
        (handles, backend) => {
          backend.setCurrentNamespace(namespace);
          return step(handles, n);
        },
        (plain) => plainly(plain.window(namespace), n),
      ),
    ),
  );

const timerCommand = fc
  .tuple(keyIndex, fc.constantFrom(...NAMESPACES), fc.nat(40), fc.boolean(), fc.boolean())
  .map(([key, namespace, timeMs, event, remove]) =>
    command(
      `key ${key}: ${remove ? "delete" : "register"} ${event ? "event" : "processing"} timer ${timeMs} ${String(namespace)}`,
      (world) =>
        world.onKey(
          key,
          ({ timers }) => {
            if (remove) (event ? timers.deleteEvent : timers.deleteProcessing).call(timers, namespace, timeMs);
            else (event ? timers.registerEvent : timers.registerProcessing).call(timers, namespace, timeMs);
          },
          (plain) => (remove ? plain.delete(namespace, timeMs, event) : plain.register(namespace, timeMs, event)),
        ),
    ),
  );

const worldCommand = fc.oneof(
  { weight: 3, arbitrary: fc.nat(TTL_MS).map((ms) => command(`clock +${ms}`, (world) => world.clock.advance(ms))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(3), fc.nat(TTL_MS))
      .map(([pick, ms]) => command(`watermark of ${pick} +${ms}`, (world) => world.advanceWatermark(pick, ms))),
  },
  { weight: 1, arbitrary: fc.nat(3).map((pick) => command(`${pick} ends`, (world) => world.end(pick))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(40), fc.boolean(), fc.constantFrom(1, 2, Infinity))
      .map(([timeMs, event, patience]) =>
        command(`fire ${event ? "event" : "processing"} ${timeMs} by ${patience}`, (world) =>
          world.fire(timeMs, event, patience),
        ),
      ),
  },
  {
    weight: 6,
    arbitrary: fc.nat(7).map((n) => command(n === 0 ? "savepoint" : "checkpoint", (world) => world.begin(n === 0))),
  },
  {
    weight: 10,
    arbitrary: fc
      .tuple(fc.nat(3), fc.nat(3), fc.constantFrom(1, 3, 10))
      .map(([pick, subtask, cells]) =>
        command(`advance ${pick} on ${subtask} by ${cells}`, (world) => world.advance(pick, subtask, cells)),
      ),
  },
  { weight: 3, arbitrary: fc.nat(3).map((pick) => command(`finish ${pick}`, (world) => world.finish(pick))) },
  {
    weight: 4,
    arbitrary: fc
      .integer({ min: -4, max: 2 })
      .map((deaf) => command(`complete, ${deaf} deaf`, (world) => world.complete(deaf))),
  },
  { weight: 2, arbitrary: fc.nat(3).map((pick) => command(`abort ${pick}`, (world) => world.abort(pick))) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3), fc.boolean())
      .map(([parallelism, n, late]) =>
        command(`restart at ${parallelism}${n === 0 ? ", not owned" : ""}${late ? ", late" : ""}`, (world) =>
          world.restart(parallelism, { owned: n > 0, late }),
        ),
      ),
  },
);

export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: stateCommand },
    { weight: 3, arbitrary: windowCommand },
    { weight: 4, arbitrary: timerCommand },
    { weight: 8, arbitrary: worldCommand },
  ),
  { minLength: 10, maxLength: 150, size: "max" },
);
