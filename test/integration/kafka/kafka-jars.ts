/** Kafka's server, by Maven, once per version; kept in a folder that Git ignores. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** `MILLRACE_KAFKA_VERSION` asks for another one. */
export const KAFKA_VERSION: string = process.env["MILLRACE_KAFKA_VERSION"] ?? "3.9.2";

/** What is missing to run a broker, as a sentence; undefined: nothing. */
export function missingTool(): string | undefined {
  for (const [tool, argument] of [
    ["java", "-version"],
    ["mvn", "-version"],
  ] as const) {
    try {
      execFileSync(tool, [argument], { stdio: "ignore" });
    } catch {
      return `no Kafka broker can be run here, since ${tool} is missing: install Java 17 and Maven`;
    }
  }
  return undefined;
}

/** The folder with all jars, for the class path. */
export async function kafkaJars(version: string = KAFKA_VERSION): Promise<string> {
  const cache = join(projectRoot(), "node_modules/.cache/millrace/servers");
  const folder = join(cache, `kafka-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, "download-"));
  try {
    const pom = join(draft, "pom.xml");
    const jars = join(draft, "jars");
    await writeFile(pom, pomOf(version));
    const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${jars}`];
    await promisify(execFile)("mvn", ["--batch-mode", "--quiet", "--file", pom, ...goal], { maxBuffer: 10_000_000 });
    // Whoever was faster has the same.
    if (!existsSync(folder)) await rename(jars, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** The server, and a logger that writes to the console; all else follows from them. */
function pomOf(version: string): string {
  const dependencies = [
    ["org.apache.kafka", "kafka_2.13", version],
    ["org.slf4j", "slf4j-simple", "1.7.36"],
  ].map(
    ([group, artifact, ofVersion]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${ofVersion}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace.test</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join("")}</dependencies></project>`;
}

/** The nearest folder above this file that has what is installed. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "node_modules")) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
