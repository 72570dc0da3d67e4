/** What messages carry beside their names, so that it shows when two sides share an object: whoever has sent or processed a message spoils it, and whoever gets one looks whether it is sound. */

export interface Cargo {
  list: string[];
  map: Map<string, { name: string }>;
  bytes: Uint8Array;
}

/** A message as it travels. What it tells its receiver to do, the script says. */
export interface Payload {
  name: string;
  cargo: Cargo;
  /** Among those of its sender to its receiver, if they come in order. */
  number?: number;
  /** By the clock of its sender: it must not come before. */
  dueMs?: number;
}

export function payloadOf(name: string, number?: number): Payload {
  const cargo = {
    list: [name, "sound"],
    map: new Map([["name", { name }]]),
    bytes: new Uint8Array([1, 2, name.length & 255]),
  };
  return number === undefined ? { name, cargo } : { name, cargo, number };
}

export function isSound({ name, cargo: { list, map, bytes } }: Payload): boolean {
  const isListSound = list.length === 2 && list[0] === name && list[1] === "sound";
  return isListSound && map.size === 1 && map.get("name")?.name === name && bytes.join() === `1,2,${name.length & 255}`;
}

/** In place, all the way down. */
export function spoil(payload: Payload): void {
  const { list, map, bytes } = payload.cargo;
  list.push("spoilt");
  const entry = map.get("name");
  if (entry !== undefined) entry.name = "spoilt";
  map.set("spoilt", { name: "spoilt" });
  bytes.fill(0);
  payload.name = "spoilt";
  payload.number = -1;
  payload.dueMs = Infinity;
}
