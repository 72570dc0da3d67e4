/** The contract of keyed state backends, third part: timers. */
import { describe, expect, test } from "vitest";
import type { KeyedStateBackend, Namespace } from "../../core/state/keyed-state.ts";
import type { InternalTimers } from "../../core/state/timers.ts";
import { Files, whole } from "./keyed-state-case.ts";
import type { KeyedStateCase } from "./keyed-state-case.ts";

const NEVER = { busy: false };

interface Service {
  readonly timers: InternalTimers;
  /** Time, key, namespace and domain of what fired. */
  readonly fired: (readonly [number, unknown, Namespace, string])[];
}

function bind(
  backend: KeyedStateBackend,
  then: (timers: InternalTimers, timeMs: number, namespace: Namespace) => void = () => {},
): Service {
  const fired: (readonly [number, unknown, Namespace, string])[] = [];
  const timers: InternalTimers = backend.timers("service", {
    onEventTimer: (timeMs, namespace) => {
      fired.push([timeMs, backend.getCurrentKey(), namespace, "event"]);
      then(timers, timeMs, namespace);
    },
    onProcessingTimer: (timeMs, namespace) => {
      fired.push([timeMs, backend.getCurrentKey(), namespace, "processing"]);
      then(timers, timeMs, namespace);
    },
  });
  return { timers, fired };
}

export function checkKeyedTimers({ name, create }: KeyedStateCase): void {
  describe(`keyed timers: ${name}`, () => {
    test("fire in the order of time and registration, also after a restore", () => {
      const { backend } = whole(create);
      const { timers, fired } = bind(backend);
      const wanted: (readonly [number, unknown, Namespace, string])[] = [];
      for (let n = 0; n < 2_000; n += 1) {
        const key = (n * 7) % 50;
        const timeMs = 1 + ((n * 13) % 4);
        backend.setCurrentKey(key);
        timers.registerEvent(n, timeMs);
        wanted.push([timeMs, key, n, "event"]);
      }
      wanted.sort((left, right) => left[0] - right[0] || Number(left[2]) - Number(right[2]));
      const files = new Files();
      const handle = files.checkpoint(backend, 1);
      expect(timers.fireEvent(10, NEVER)).toBe(true);
      expect(fired).toEqual(wanted);
      const again = whole(create).backend;
      again.restore([files.load(handle)], { owned: true });
      const second = bind(again);
      again.setCurrentKey(0);
      second.timers.registerEvent("new", 1);
      expect(second.timers.fireEvent(10, NEVER)).toBe(true);
      expect(second.fired.filter(([, , namespace]) => namespace !== "new")).toEqual(wanted);
      expect(second.fired.filter(([timeMs, key]) => timeMs === 1 && key === 0).at(-1)?.[2]).toBe("new");
    });

    test("one key, namespace and time is one timer; domains and keys are apart", () => {
      const { backend } = whole(create);
      const { timers, fired } = bind(backend);
      for (const key of ["a", ["b", 1]]) {
        backend.setCurrentKey(key);
        for (let time = 0; time < 2; time += 1) {
          timers.registerEvent(0, 5);
          timers.registerEvent("w", 5);
          timers.registerProcessing(0, 5);
        }
      }
      expect(timers.count()).toEqual({ event: 4, processing: 2 });
      timers.deleteEvent("w", 5);
      timers.deleteEvent("nobody", 5);
      timers.deleteProcessing(0, 6);
      expect(timers.fireEvent(4, NEVER)).toBe(true);
      expect(fired).toEqual([]);
      timers.fireEvent(5, NEVER);
      timers.fireProcessing(5, NEVER);
      expect(new Set(fired.map(([, key, namespace, domain]) => JSON.stringify([key, namespace, domain])))).toEqual(
        new Set(
          [
            ["a", 0, "event"],
            ["a", "w", "event"],
            ["a", 0, "processing"],
            [["b", 1], 0, "event"],
            [["b", 1], 0, "processing"],
          ].map((timer) => JSON.stringify(timer)),
        ),
      );
      expect(fired).toHaveLength(5);
      expect(backend.size()).toEqual({ rows: 0, cells: 0 });
    });

    test("many timers of one key, in any order", () => {
      const { backend } = whole(create);
      const { timers, fired } = bind(backend);
      backend.setCurrentKey("a");
      for (let n = 0; n < 500; n += 1) timers.registerEvent(n % 3, (n * 37) % 500);
      for (let n = 0; n < 500; n += 2) timers.deleteEvent(n % 3, (n * 37) % 500);
      const times = Array.from({ length: 250 }, (_, index) => ((2 * index + 1) * 37) % 500).sort(
        (left, right) => left - right,
      );
      expect(timers.count().event).toBe(250);
      timers.fireEvent(Infinity, NEVER);
      expect(fired.map(([timeMs]) => timeMs)).toEqual(times);
    });

    test("timers registered while firing fire too if they are due; deleted ones do not", () => {
      const { backend } = whole(create);
      const { timers, fired } = bind(backend, (service, timeMs, namespace) => {
        if (namespace !== "chain" || timeMs > 4) return;
        service.registerEvent("chain", timeMs + 1);
        service.registerEvent("late", timeMs - 1);
        service.registerEvent("same", timeMs);
        service.deleteEvent("victim", timeMs + 1);
      });
      backend.setCurrentKey("a");
      timers.registerEvent("chain", 3);
      timers.registerEvent("victim", 4);
      timers.registerEvent("victim", 6);
      expect(timers.fireEvent(5, NEVER)).toBe(true);
      expect(fired.map(([timeMs, , namespace]) => `${namespace}${timeMs}`)).toEqual([
        "chain3",
        "late2",
        "same3",
        "chain4",
        "late3",
        "same4",
        "chain5",
      ]);
      expect(timers.count().event).toBe(1);
    });

    test("firing stops while busy, and goes on where it stopped", () => {
      const { backend } = whole(create);
      const busy = { busy: true };
      const { timers, fired } = bind(backend);
      for (let key = 0; key < 5; key += 1) {
        backend.setCurrentKey(key);
        timers.registerEvent(0, 10);
      }
      for (let step = 1; step <= 5; step += 1) {
        expect(timers.fireEvent(10, busy)).toBe(step === 5);
        expect(fired).toHaveLength(step);
        expect(timers.count().event).toBe(5 - step);
      }
    });

    test("the listener hears of an earlier processing timer", () => {
      const { backend } = whole(create);
      const { timers } = bind(backend);
      const heard: number[] = [];
      timers.onEarlierProcessing((timeMs) => heard.push(timeMs));
      backend.setCurrentKey("a");
      expect(timers.earliestProcessingMs()).toBe(Infinity);
      for (const timeMs of [50, 70, 20, 20, 60]) timers.registerProcessing(0, timeMs);
      expect(heard).toEqual([50, 20]);
      timers.deleteProcessing(0, 20);
      expect(timers.earliestProcessingMs()).toBe(50);
      timers.registerProcessing(0, 30);
      expect(heard).toEqual([50, 20, 30]);
      timers.fireProcessing(55, NEVER);
      expect(timers.earliestProcessingMs()).toBe(60);
    });

    test("restored timers are there before and after the service is bound", () => {
      const { backend } = whole(create);
      const { timers } = bind(backend);
      backend.setCurrentKey("a");
      timers.registerEvent(1, 5);
      timers.registerProcessing("w", 7);
      const files = new Files();
      const first = files.checkpoint(backend, 1);
      timers.fireEvent(5, NEVER);
      const second = files.checkpoint(backend, 2);
      for (const [handle, event] of [
        [first, 1],
        [second, 0],
      ] as const) {
        for (const early of [true, false]) {
          const again = whole(create).backend;
          const before = early ? bind(again) : undefined;
          again.restore([files.load(handle)], { owned: true });
          const service = before ?? bind(again);
          expect(service.timers.count()).toEqual({ event, processing: 1 });
          expect(service.timers.earliestProcessingMs()).toBe(7);
        }
      }
    });

    test("no time is no timer", () => {
      const { backend } = whole(create);
      const { timers } = bind(backend);
      backend.setCurrentKey("a");
      expect(() => timers.registerEvent(0, NaN)).toThrow("MR4007");
      expect(backend.size().rows).toBe(0);
    });
  });
}
