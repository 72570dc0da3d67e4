/**
 * Goal:   what reaches out of a simulation is refused by name, before it does anything; what Node.js and the test runner do on behalf of user code is not.
 * Method: a table of calls, each made in a world and, where that does no harm, outside of one. The list of refused calls is held against the modules too.
 */
import childProcess, { exec, spawn } from "node:child_process";
import cluster from "node:cluster";
import crypto, { createHash, createHmac, pbkdf2, pbkdf2Sync } from "node:crypto";
import dgram from "node:dgram";
import dns, { lookup } from "node:dns";
import dnsPromises from "node:dns/promises";
import fs, { readFile, readFileSync } from "node:fs";
import fsPromises, { readFile as readLater, writeFile } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import process, { exit } from "node:process";
import tls from "node:tls";
import { promisify } from "node:util";
import { BroadcastChannel, MessageChannel, Worker } from "node:worker_threads";
import zlib, { gzip, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { isMillraceError } from "../../../core/util/errors.ts";
import { FakeWorld } from "./fake-world.ts";
import { inUserWorld, keepUserWorlds, outsideUserWorld } from "./user-world.ts";

const FILE = "/nowhere/at/all";

function world(): FakeWorld {
  return new FakeWorld({ startMs: 0, seed: 1 });
}

type Call = readonly [name: string, call: () => unknown];

const CALLS: readonly Call[] = [
  ["fs.readFileSync", () => readFileSync(FILE)],
  ["fs.readFileSync", () => fs.readFileSync(FILE)],
  ["fs.readFileSync", () => process.getBuiltinModule("fs").readFileSync(FILE)],
  ["fs.readFile", () => readFile(FILE, () => undefined)],
  ["fs.readFile", () => promisify(readFile)(FILE)],
  ["fs.existsSync", () => fs.existsSync(FILE)],
  ["fs.exists", () => promisify(fs.exists)(FILE)],
  ["fs.writeFileSync", () => fs.writeFileSync(FILE, "")],
  ["fs.appendFile", () => fs.appendFile(FILE, "", () => undefined)],
  ["fs.mkdtempSync", () => fs.mkdtempSync(FILE)],
  ["fs.readdirSync", () => [FILE].map((path) => fs.readdirSync(path))],
  ["fs.unlinkSync", () => [FILE].forEach(fs.unlinkSync)],
  ["fs.createReadStream", () => fs.createReadStream(FILE)],
  ["fs.createWriteStream", () => fs.createWriteStream(FILE)],
  ["fs.ReadStream", () => Reflect.construct(fs.ReadStream, [FILE])],
  ["fs.watch", () => fs.watch(FILE)],
  ["fs.promises.readFile", () => readLater(FILE)],
  ["fs.promises.readFile", () => fs.promises.readFile(FILE)],
  ["fs.promises.writeFile", () => writeFile(FILE, "")],
  ["fs.promises.open", () => fsPromises.open(FILE)],
  ["fetch", () => fetch("http://127.0.0.1:1/")],
  ["http.request", () => http.request("http://127.0.0.1:1/")],
  ["http.get", () => http.get("http://127.0.0.1:1/")],
  ["http.createServer", () => http.createServer()],
  ["https.request", () => https.request("https://127.0.0.1:1/")],
  ["https.get", () => https.get("https://127.0.0.1:1/")],
  ["http2.connect", () => http2.connect("http://127.0.0.1:1/")],
  ["net.connect", () => net.connect(1)],
  ["net.createConnection", () => net.createConnection(1)],
  ["net.createServer", () => net.createServer()],
  ["net.Socket.connect", () => new net.Socket().connect(1)],
  ["net.Server.listen", () => new net.Server().listen(0)],
  ["tls.connect", () => tls.connect(1)],
  ["dgram.createSocket", () => dgram.createSocket("udp4")],
  ["dns.lookup", () => lookup("localhost", () => undefined)],
  ["dns.lookup", () => promisify(dns.lookup)("localhost")],
  ["dns.resolve4", () => dns.resolve4("localhost", () => undefined)],
  ["dns.Resolver", () => new dns.Resolver()],
  ["dns.promises.lookup", () => dns.promises.lookup("localhost")],
  ["dns.promises.resolveTxt", () => dnsPromises.resolveTxt("localhost")],
  ["child_process.spawn", () => spawn("true")],
  ["child_process.spawnSync", () => childProcess.spawnSync("true")],
  ["child_process.exec", () => exec("true")],
  ["child_process.exec", () => promisify(exec)("true")],
  ["child_process.execSync", () => childProcess.execSync("true")],
  ["child_process.execFile", () => childProcess.execFile("true")],
  ["child_process.fork", () => childProcess.fork(FILE)],
  ["cluster.fork", () => cluster.fork()],
  ["worker_threads.Worker", () => new Worker(FILE)],
  ["worker_threads.MessageChannel", () => new MessageChannel()],
  ["worker_threads.BroadcastChannel", () => new BroadcastChannel("a")],
  ["MessageChannel", () => new globalThis.MessageChannel()],
  ["process.exit", () => process.exit(1)],
  ["process.exit", () => exit(1)],
  ["process.abort", () => process.abort()],
  ["process.kill", () => process.kill(process.pid, 0)],
  ["process.chdir", () => process.chdir(".")],
  ["Atomics.wait", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)],
  ["zlib.gzip", () => gzip("a", () => undefined)],
  ["zlib.inflate", () => promisify(zlib.inflate)("a")],
  ["zlib.createGzip", () => zlib.createGzip()],
  ["crypto.pbkdf2", () => pbkdf2("a", "b", 1, 8, "sha256", () => undefined)],
  ["crypto.scrypt", () => promisify(crypto.scrypt)("a", "b", 8)],
  ["crypto.generateKeyPairSync", () => crypto.generateKeyPairSync("ed25519")],
  ["crypto.subtle.digest", () => crypto.subtle.digest("SHA-256", new Uint8Array(1))],
  ["crypto.subtle.digest", () => globalThis.crypto.subtle.digest("SHA-256", new Uint8Array(1))],
];

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

describe("refused", () => {
  test.each(CALLS)("%s", async (name, call) => {
    const user = world();
    const error = await inUserWorld(user, () => thrownBy(call));
    expect(isMillraceError(error)).toBe(true);
    expect(error).toMatchObject({ code: "MR8001", retryable: false });
    expect(String(error)).toMatch(`MR8001: ${name}(…) reaches out of the simulation`);
    expect(user.refusals).toEqual([name]);
  });

  test("after an await and in a timer too", async () => {
    onTestFinished(keepUserWorlds());
    const user = world();
    const later = async (): Promise<unknown> => {
      await Promise.resolve();
      setTimeout(() => fs.readFileSync(FILE), 10);
      return thrownBy(() => readFileSync(FILE));
    };
    expect(await inUserWorld(user, later)).toMatchObject({ code: "MR8001" });
    expect(() => user.clock.advance(10)).toThrow("MR8001: fs.readFileSync");
  });

  test("even if user code swallows it, the world hears of it", () => {
    const user = world();
    const found = inUserWorld(user, () => {
      try {
        return readFileSync(FILE, "utf8");
      } catch {
        return "nothing";
      }
    });
    expect([found, user.refusals]).toEqual(["nothing", ["fs.readFileSync"]]);
  });

  test("everything that fs has, but what holds data only", () => {
    const data = new Set(["Stats", "Dirent", "_toUnixTimestamp"]);
    const names = Object.keys(fs).filter((name) => typeof Reflect.get(fs, name) === "function" && !data.has(name));
    const passed = inUserWorld(world(), () =>
      names.filter((name) => {
        try {
          Reflect.apply(Reflect.get(fs, name) as () => unknown, fs, []); // a function, as found above
        } catch (error) {
          return !isMillraceError(error);
        }
        return true;
      }),
    );
    expect(names.length).toBeGreaterThan(80);
    expect(passed).toEqual([]);
  });
});

describe("not refused", () => {
  test.each<Call>([
    ["createHash", () => createHash("sha256").update("a").digest("hex")],
    ["createHmac", () => createHmac("sha256", "k").update("a").digest("hex")],
    ["pbkdf2Sync", () => pbkdf2Sync("a", "b", 1, 8, "sha256").toString("hex")],
    ["gzipSync", () => gunzipSync(gzipSync("a")).toString()],
    ["structuredClone", () => structuredClone({ a: new Date(5) })],
    ["process.env", () => process.env["PATH"]],
    ["net.isIP", () => net.isIP("127.0.0.1")],
    ["an import", async () => Object.keys(await import("./fake-world.ts"))],
    ["a builtin import", async () => Object.keys(await import("node:readline")).length],
    ["a require", () => typeof process.getBuiltinModule("module").createRequire(import.meta.url)("fast-check")],
    ["a stack trace", () => (new Error("a").stack ?? "").includes("refusals.test.ts")],
    ["writing to stdout", () => process.stdout.write("")],
  ])("%s", async (_, call) => {
    const inside = inUserWorld(world(), call);
    expect(await inside).toEqual(await outsideUserWorld(call));
  });

  test.each<Call>([
    ["fs.readFileSync", () => readFileSync(new URL(import.meta.url)).length],
    ["fs.promises.readFile", async () => (await readLater(new URL(import.meta.url))).length],
    ["promisified fs.readFile", async () => (await promisify(readFile)(new URL(import.meta.url))).length],
    ["promisified exec", async () => (await promisify(exec)("echo a")).stdout],
    ["promisified gzip", async () => (await promisify(gzip)("a")).length],
    ["crypto.subtle", async () => (await crypto.subtle.digest("SHA-1", new Uint8Array(1))).byteLength],
    ["net.createServer", () => net.createServer().listening],
    ["new MessageChannel", () => new MessageChannel().port1.close()],
  ])("for others, while the stand-ins are in place: %s", async (_, call) => {
    await inUserWorld(world(), async () => {
      const error = await outsideUserWorld(() => thrownBy(call));
      expect(error).not.toBeInstanceOf(Error);
    });
  });
});
