/** The check that an element of the file is a flight, and when that flight really left. */

export interface Flight {
  readonly origin: string;
  /** Minutes; negative if it left early. */
  readonly delay: number;
  /** Scheduled departure plus delay; the schedule is taken as UTC. */
  readonly departureMs: number;
}

/** Throws what is wrong with the element; where it stands is for the source to say. */
export function asFlight(element: unknown): Flight {
  const { date, delay, origin } = (element ?? {}) as Readonly<Record<string, unknown>>; // anything else can be read by name
  if (typeof origin !== "string") throw new Error(`origin should be an airport, but is ${JSON.stringify(origin)}`);
  if (typeof delay !== "number") throw new Error(`delay should be minutes, but is ${JSON.stringify(delay)}`);
  return { origin, delay, departureMs: scheduledMs(date) + delay * 60_000 };
}

function scheduledMs(date: unknown): number {
  const [, year, month, day, time] = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d)$/.exec(String(date)) ?? [];
  const scheduled = Date.parse(`${year}-${month}-${day}T${time}Z`);
  if (!Number.isNaN(scheduled)) return scheduled;
  throw new Error(`date should be like "2001/01/31 00:47", but is ${JSON.stringify(date)}`);
}
