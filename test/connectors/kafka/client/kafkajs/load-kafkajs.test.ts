/** The library is looked at before it is used, and what is wrong with it is said with what to do. */
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { KAFKAJS_VERSION, loadKafkajs } from "../../../../../connectors/kafka/client/kafkajs/load-kafkajs.ts";

const real = createRequire(import.meta.url);

function loadedWith(changes: Readonly<Record<string, unknown>>): () => unknown {
  return () => loadKafkajs((path) => (path in changes ? changes[path] : real(path)));
}

const missing = (): never => {
  throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
};

test("the installed one is what we need, and is the version of the package's peer dependency", () => {
  expect(() => loadKafkajs()).not.toThrow();
  const { peerDependencies } = real("../../../../../package.json") as { peerDependencies: Record<string, string> };
  expect(peerDependencies["kafkajs"]).toBe(KAFKAJS_VERSION);
});

test("not installed: MR6401, with the command that installs it", () => {
  expect(() => loadKafkajs(missing)).toThrow(/^MR6401: .* not installed: npm install kafkajs@2\.2\.4$/);
});

test("another version: MR6401, with both", () => {
  const load = loadedWith({ "kafkajs/package.json": { version: "2.3.0" } });
  expect(load).toThrow(/^MR6401: .*kafkajs 2\.2\.4 exactly, and 2\.3\.0 is installed: npm install kafkajs@2\.2\.4$/);
});

test.each([
  ["its connection", { "kafkajs/src/network/connection": class {} }],
  ["its connection", { "kafkajs/src/network/connection": { send: 1 } }],
  ["its socket factory", { "kafkajs/src/network/socketFactory": 5 }],
  ["its socket factory", { "kafkajs/src/network/socketFactory": () => "socket" }],
  ["its requests", { "kafkajs/src/protocol/requests": {} }],
  ["its requests", { "kafkajs/src/protocol/requests": { requests: { Metadata: { protocol: () => undefined } } } }],
])("%s is not as it was: MR6401", (inside, changes) => {
  expect(loadedWith(changes)).toThrow(
    new RegExp(`^MR6401: kafkajs 2\\.2\\.4 is installed, but ${inside} is not what it was`),
  );
});

test("an inside that is gone: MR6401", () => {
  const load = (): unknown => loadKafkajs((path) => (path.endsWith("/requests") ? missing() : real(path)));
  expect(load).toThrow(/^MR6401: .*kafkajs\/src\/protocol\/requests is not what it was/);
});
