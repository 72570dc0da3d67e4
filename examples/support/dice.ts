/**
 * Dice that fall the same way every time: what the generators of the examples use for chance.
 *
 * In:   the index of a record, and a salt that tells the rolls of one record apart. Out: a number in [0, 1).
 * State: none. A source that reads on after a restart must make the same record of the same index, so `Math.random` will not do.
 */
export function dice(index: number, salt: number): number {
  let bits = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return ((bits ^ (bits >>> 15)) >>> 0) / 4_294_967_296;
}

/** One of the choices, each as likely as the others. */
export function pick<T>(choices: readonly [T, ...T[]], index: number, salt: number): T {
  return choices[Math.floor(dice(index, salt) * choices.length)] ?? choices[0];
}
