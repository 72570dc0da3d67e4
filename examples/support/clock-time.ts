/** Ms since the epoch as hours, minutes and seconds in UTC: what the examples print. */
export function clockTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice("2026-01-01T".length, "2026-01-01T00:00:00".length);
}
