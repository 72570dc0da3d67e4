/**
 * Goal:   what a metadata file says comes back as it was, and a damaged one is never taken for a whole one.
 * Method: a golden file; round trips; every byte flipped and every length cut, in a file that is small enough to try all.
 * Replay: MILLRACE_SEED=<seed>
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMetadata, encodeMetadata, frame, METADATA_VERSION } from "../../../core/checkpoint/metadata.ts";
import { encodeValue } from "../../../core/types/value-codec.ts";
import { isMillraceError } from "../../../core/util/errors.ts";
import { replay } from "../../harness/replay.ts";
import { checkpointWith } from "./samples.ts";

const small = checkpointWith(7, ["jobs/one/chk-7/f"], {
  coordinators: [{ operatorId: "a", state: Uint8Array.of(1, 2, 3) }],
});

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    decodeMetadata(bytes, "chk-7/_metadata");
    return undefined;
  } catch (error) {
    if (isMillraceError(error)) return error.code;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/(.{64})/g, "$1\n")
    .trim();
}

describe("metadata file", { timeout: 30_000 }, () => {
  test("comes back as it was", () => {
    expect(decodeMetadata(encodeMetadata(small), "f")).toEqual(small);
  });

  test("keeps watermarks before and after all time, absent uids, and lists", () => {
    const vertex = small.vertices[0];
    const lists = [{ name: "splits", mode: "union" as const, items: [Uint8Array.of(0, 255)] }];
    const operators = [{ operatorId: "a", lists, watermarkMs: Infinity }];
    const channels = [[{ watermarkMs: -Infinity, status: "idle" as const }]];
    const vertices = vertex === undefined ? [] : [{ ...vertex, subtasks: [{ operators, channels, ended: true }] }];
    const checkpoint = { ...small, vertices, operators: [{ uid: undefined }] };
    expect(decodeMetadata(encodeMetadata(checkpoint), "f")).toEqual(checkpoint);
  });

  test("has the format that it had when this test was written", () => {
    expect(hex(encodeMetadata(checkpointWith(7, [])))).toMatchInlineSnapshot(`
      "4d494c4c5241434502000000b50100000e0a080c636865636b706f696e744964
      08046b696e6408076a6f624e616d65080d74726967676572656441744d73080d
      636f6d706c6574656441744d73080562797465730807647261696e6564080876
      65727469636573080c636f6f7264696e61746f727308096469726563746f7279
      87080a636865636b706f696e74080673616d706c6504d00f04c41380030b010e
      0508096f70657261746f7273080b706172616c6c656c69736d080e6d61785061
      72616c6c656c69736d0806696e7075747308087375627461736b730b010e0408
      02696408046e616d6508037569640808737461746566756c0801610805436f75
      6e740805636f756e7402810480020b000b010e0308096f70657261746f727308
      086368616e6e656c730805656e6465640b010e0408056c69737473080b776174
      65726d61726b4d73080a6f70657261746f72496408056b657965640b00050000
      00000000f0ff0801610e0408096b657947726f757073080566696c6573080b77
      617465726d61726b4d730806666c6f6f72730e020805666972737408046c6173
      7480ff0b0005000000000000f0ff0b000b00030b00080e6a6f62732f6f6e652f
      63686b2d37958bc21b"
    `);
  });

  test("says which file is damaged, and how", () => {
    const bytes = encodeMetadata(small);
    expect(() => decodeMetadata(bytes.subarray(0, 40), "jobs/one/chk-7/_metadata")).toThrow(
      /MR5002: jobs\/one\/chk-7\/_metadata is no whole.*length/,
    );
    expect(() => decodeMetadata(new Uint8Array(100), "x")).toThrow(/MR5002.*does not begin like one/);
  });

  test("refuses a newer version, which it cannot understand", () => {
    const newer = frame(METADATA_VERSION + 1, encodeValue({ anything: true }));
    expect(() => decodeMetadata(newer, "chk-7/_metadata")).toThrow(
      /MR5003: chk-7\/_metadata has format version 3.*up to 2; use a newer millrace/,
    );
  });

  test("reads the version before, unless records were in flight, which were kept otherwise", () => {
    expect(decodeMetadata(frame(1, encodeValue(small)), "x")).toEqual(small);
    const subtask = { operators: [], channels: [], ended: false, inFlight: { file: "chk-7/a", edges: [0] } };
    const vertices = [{ operators: [], parallelism: 1, maxParallelism: 1, inputs: [], subtasks: [subtask] }];
    expect(() => decodeMetadata(frame(1, encodeValue({ ...small, vertices })), "chk-7/_metadata")).toThrow(
      /MR5015: chk-7\/_metadata was written by an older millrace and holds records in flight.*take a savepoint/,
    );
  });

  test("refuses a payload that is no value", () => {
    expect(codeOf(frame(METADATA_VERSION, Uint8Array.of(250, 250, 250)))).toBe("MR5002");
  });

  test("every flipped bit is found", () => {
    const whole = encodeMetadata(small);
    for (let index = 0; index < whole.byteLength; index += 1) {
      for (const flip of [1, 128]) {
        const bytes = whole.slice();
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        expect(codeOf(bytes), `byte ${index}`).toBe("MR5002");
      }
    }
  });

  test("every shorter and every longer file is found", () => {
    const whole = encodeMetadata(small);
    for (let length = 0; length < whole.byteLength; length += 1)
      expect(codeOf(whole.subarray(0, length)), `length ${length}`).toBe("MR5002");
    expect(codeOf(Uint8Array.of(...whole, 0))).toBe("MR5002");
  });

  test("random damage is found", () => {
    const whole = encodeMetadata(small);
    const edits = fc.array(fc.tuple(fc.nat(whole.byteLength - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = whole.slice();
        for (const [index, by] of changes) bytes[index] = ((bytes[index] ?? 0) + by) & 255;
        fc.pre(!bytes.every((byte, index) => byte === whole[index]));
        expect(codeOf(bytes)).toBe("MR5002");
      }),
      { numRuns: 300, ...replay },
    );
  });
});
