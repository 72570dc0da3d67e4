/** What is read and written: sales, about 100 bytes each as JSON. The number decides all of it, so both sides make the same. */
export interface Sale {
  readonly id: number;
  readonly user: string;
  readonly city: string;
  readonly cents: number;
  readonly atMs: number;
  readonly note: string;
}

const USERS = Array.from({ length: 1_000 }, (_, index) => `user-${index}`);
const CITIES = ["Berlin", "Lisbon", "Osaka", "Quito", "Tunis"];
const START_MS = 1_700_000_000_000;

/** Hot. */
export function saleOf(number: number): Sale {
  return {
    id: number,
    user: USERS[(number * 7_919) % 1_000] ?? "",
    city: CITIES[number % 5] ?? "",
    cents: (number * 31) % 10_000,
    atMs: START_MS + number,
    note: "paid in cash",
  };
}

/** A sale as it leaves the count. */
export interface CountedSale {
  readonly user: string;
  readonly cents: number;
  /** Sales of the user so far, with this one. */
  readonly seen: number;
  readonly atMs: number;
  readonly note: string;
}
