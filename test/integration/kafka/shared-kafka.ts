/**
 * One broker for all tests with real servers: started before the first of them, stopped behind the last, shared by all that do it no harm.
 *
 * Vitest calls `setup` in its main process and hands what it provides to the processes of the tests.
 */
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { missingTool } from "./kafka-jars.ts";
import { startKafka } from "./local-kafka.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Null: there is no broker here. */
    readonly kafkaServers: readonly string[] | null;
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = missingTool();
  if (missing !== undefined) {
    process.stderr.write(`Tests with Kafka are skipped: ${missing}\n`);
    project.provide("kafkaServers", null);
    return undefined;
  }
  const kafka = await startKafka();
  project.provide("kafkaServers", kafka.bootstrapServers);
  return () => kafka.stop();
}

/** Of the shared broker; undefined: tests with it are to be skipped. */
export function sharedKafka(): readonly string[] | undefined {
  return inject("kafkaServers") ?? undefined;
}
