/**
 * What the program of a slot does, in a thread or a process of its own: imports the job's module, builds the same graph as the master, and makes the slot's endpoint.
 *
 * In:   what the slot has to know to begin, and its way out. Out: the endpoint, not begun. The stacks of errors name the sources of the job's bundle from then on.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildInSlot } from "./build-in-slot.ts";
import { mapStacks } from "./map-stacks.ts";
import { SlotEndpoint } from "./slot-endpoint.ts";
import type { SlotEndpointOptions } from "./slot-endpoint.ts";
import { STACK_FRAMES } from "./stack-frames.ts";
import { systemWorld } from "./system-world.ts";
import { measureHealth } from "./threads/measure-health.ts";

export async function createSlot(
  options: Pick<SlotEndpointOptions, "start" | "poll" | "send" | "ended">,
): Promise<SlotEndpoint> {
  Error.stackTraceLimit = Math.max(Error.stackTraceLimit, STACK_FRAMES);
  const built = await buildInSlot(options.start, importModule);
  return new SlotEndpoint({ ...options, built, world: systemWorld(), health: measureHealth() });
}

async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  mapStacks(url, readFileSync(fileURLToPath(url), "utf8"));
  return (await import(url)) as Record<string, unknown>; // a namespace object
}
