/**
 * Moves a run of records from a channel into an operator. A file of its own so that each position in the graph runs its own copy, in which
 * the one call below has seen one class only and is inlined.
 *
 * Hot: guarded by `bench/` (keyed count, shuffle).
 */
import type { ChannelReader } from "../network/channel.ts";
import type { Availability, Input } from "../operators/operator.ts";

/** Feeds up to `countMax` readable records; stops after a record that leaves the chain busy. Returns how many it fed. */
export function pump(
  channel: ChannelReader,
  input: Input<unknown>,
  availability: Availability,
  countMax: number,
): number {
  const { values, timestampsMs, mask, head } = channel;
  let fed = 0;
  while (fed < countMax && !availability.busy) {
    const slot = (head + fed) & mask;
    const value = values[slot];
    values[slot] = undefined; // the ring must not keep it alive
    fed += 1;
    input.processRecord(value, timestampsMs[slot] ?? 0);
  }
  return fed;
}
