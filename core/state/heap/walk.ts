/** All cells (timers are none) of a row or container, one after the other, tolerating changes between two steps: what leaves is passed over, nothing else is. */
import { DEAD, MapGroup, Spread, ValueCell } from "./cells.ts";
import type { Cell, Container, ListGroup } from "./cells.ts";
import { slotOf } from "./row.ts";
import type { Row } from "./row.ts";
import { TimerBucket } from "./timer-bucket.ts";
import { TimerBuckets } from "./timer-slot.ts";

export function* walkRow(row: Row): Generator<Cell, void> {
  if (row.stamp !== DEAD) yield row;
  for (let slot = 0; slot <= row.rest.length; slot += 1) {
    const contents = slotOf(row, slot);
    if (contents instanceof Spread) for (const container of contents.containers.values()) yield* cellsOf(container);
    else if (contents !== undefined && !(contents instanceof TimerBucket || contents instanceof TimerBuckets))
      yield* cellsOf(contents);
  }
}

export function* cellsOf(container: Container): Generator<Cell, void> {
  if (container instanceof ValueCell) {
    yield container;
  } else if (container instanceof MapGroup) {
    yield* container.entries.values();
  } else {
    yield* chunksOf(container);
  }
}

/** By number, since chunks at the front may leave. */
function* chunksOf(list: ListGroup): Generator<Cell, void> {
  let index = 0;
  let number = -1;
  for (;;) {
    while (index > 0 && (list.chunks[index - 1]?.number ?? Infinity) > number) index -= 1;
    while ((list.chunks[index]?.number ?? Infinity) <= number) index += 1;
    const chunk = list.chunks[index];
    if (chunk === undefined) return;
    number = chunk.number;
    yield chunk;
  }
}
