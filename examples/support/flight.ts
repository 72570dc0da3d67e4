/** A flight as it stands in the file, the check that an element is one, and when it really left. */

export interface Flight {
  /** The scheduled departure, such as "2001/01/31 00:47"; we take it as UTC. */
  readonly date: string;
  /** Minutes; negative if it left early. */
  readonly delay: number;
  readonly origin: string;
}

/** Scheduled departure plus delay. */
export function departureMs({ date, delay }: Flight): number {
  return Date.parse(`${date.replaceAll("/", "-").replace(" ", "T")}Z`) + delay * 60_000;
}

/** Throws what is wrong with the element; where it stands is for the source to say. */
export function asFlight(element: unknown): Flight {
  const { date, delay, origin } = (element ?? {}) as Readonly<Record<string, unknown>>; // anything else can be read by name
  if (typeof date !== "string" || !/^\d{4}\/\d\d\/\d\d \d\d:\d\d$/.test(date)) {
    throw new Error(`date should be like "2001/01/31 00:47", but is ${JSON.stringify(date)}`);
  }
  if (typeof delay !== "number") throw new Error(`delay should be minutes, but is ${JSON.stringify(delay)}`);
  if (typeof origin !== "string") throw new Error(`origin should be an airport, but is ${JSON.stringify(origin)}`);
  const flight = { date, delay, origin };
  if (Number.isNaN(departureMs(flight))) throw new Error(`there is no such date as "${date}"`);
  return flight;
}
