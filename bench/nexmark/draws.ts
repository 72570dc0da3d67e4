/** Chance that is a function of the event's number, so that any event can be made again, by whoever reads it. */

const RANGE = 2 ** 31;

/** A whole number from 0 to before 2^31, another one for each `which` of an event. */
export function draw(eventNumber: number, which: number): number {
  let bits = Math.imul(eventNumber, 0x9e3779b1) ^ Math.imul(which + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) & 0x7fffffff;
}

/** The draw after `drawn`: a third of the work, for events that need several. Hot. */
export function drawAgain(drawn: number): number {
  const bits = Math.imul(drawn ^ (drawn >>> 15), 0x2c1b3c6d);
  return (bits ^ (bits >>> 13)) & 0x7fffffff;
}

/** Spreads a draw over the whole numbers from 0 to before `limit`. (`| 0` tells V8 that it is a small integer, which `Math.trunc` does not.) */
export function below(limit: number, drawn: number): number {
  return (drawn * (limit / RANGE)) | 0;
}

const PRICE_STEPS = 4_096;
const PRICES: readonly number[] = Array.from(
  { length: PRICE_STEPS + 1 },
  (_, step) => 10 ** ((step / PRICE_STEPS) * 6) * 100,
);

/** From 100 to 100,000,000 cents, all orders of magnitude alike. A table with straight lines between its entries, as a power takes longer than all the rest of a bid. */
export function priceOf(drawn: number): number {
  const position = drawn * (PRICE_STEPS / RANGE);
  const step = position | 0;
  const from = PRICES[step] ?? 0;
  return (from + ((PRICES[step + 1] ?? 0) - from) * (position - step) + 0.5) | 0;
}
