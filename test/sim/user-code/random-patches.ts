/**
 * Chance from the seed of the run, in place of `Math.random` and of what `crypto` draws. Nothing that comes out of it is a secret.
 *
 * In:  `random` of the world whose code asks. Out: patches. Hashes and ciphers stay as they are: they draw nothing.
 */
import { scheduleIn } from "./current-world.ts";
import type { UserWorld } from "./current-world.ts";
import { isCallable, methodPatch } from "./patch.ts";
import type { Patch, Play } from "./patch.ts";

export function randomPatches(): Patch[] {
  const crypto = process.getBuiltinModule("node:crypto");
  const patches = methodPatch(Math, "random", (world) => world.random());
  for (const target of [crypto, crypto.webcrypto]) {
    patches.push(...methodPatch(target, "randomUUID", uuid));
    patches.push(...methodPatch(target, "getRandomValues", (world, [view]) => filled(world, view)));
  }
  for (const name of ["randomBytes", "pseudoRandomBytes", "rng", "prng"]) {
    patches.push(
      ...methodPatch(
        crypto,
        name,
        answering((world, [size]) => filled(world, Buffer.alloc(Number(size)))),
      ),
    );
  }
  return [
    ...patches,
    ...methodPatch(crypto, "randomFillSync", filledPart),
    ...methodPatch(crypto, "randomFill", answering(filledPart)),
    ...methodPatch(crypto, "randomInt", answering(whole)),
  ];
}

/** A last argument that is a function is called back with the result, as soon as simulated time goes on. */
function answering(play: Play): Play {
  return (world, args) => {
    const callback = args.at(-1);
    if (!isCallable(callback)) return play(world, args);
    const result = play(world, args.slice(0, -1));
    scheduleIn(world, 0, () => {
      Reflect.apply(callback, undefined, [null, result]);
    });
    return undefined;
  };
}

function uuid(world: UserWorld): string {
  const bytes = filled(world, Buffer.alloc(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const text = bytes.toString("hex");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

function filled<V>(world: UserWorld, view: V): V {
  const bytes = bytesOf(view);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(world.random() * 256);
  return view;
}

/** `randomFill(buffer, offset, size)`: in elements of the buffer, as in Node.js. */
function filledPart(world: UserWorld, [view, offset = 0, size]: readonly unknown[]): unknown {
  const bytes = bytesOf(view);
  const width = ArrayBuffer.isView(view) && "BYTES_PER_ELEMENT" in view ? Number(view.BYTES_PER_ELEMENT) : 1;
  const from = Number(offset) * width;
  filled(world, bytes.subarray(from, size === undefined ? bytes.length : from + Number(size) * width));
  return view;
}

function bytesOf(view: unknown): Uint8Array {
  if (ArrayBuffer.isView(view)) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (view instanceof ArrayBuffer || view instanceof SharedArrayBuffer) return new Uint8Array(view);
  throw new TypeError("random bytes go into a typed array or a buffer");
}

/** `randomInt(max)` or `randomInt(min, max)`; `max` is not drawn. */
function whole(world: UserWorld, args: readonly unknown[]): number {
  const [min, max] = args.length < 2 ? [0, Number(args[0])] : [Number(args[0]), Number(args[1])];
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || max <= min)
    throw new RangeError(`randomInt draws from whole numbers, but got ${min} to ${max}`);
  return min + Math.floor(world.random() * (max - min));
}
