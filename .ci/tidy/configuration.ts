/** `docs/configuration.md`, made from the options in `core/util/options.ts`. */
import { OPTIONS } from "../../core/util/options.ts";
import type { Option } from "../../core/util/options.ts";

const HEAD = `# Configuration

Every option, its type, its default and what it does. Set options in code (\`env.configure({ "parallelism.default": 4 })\`) or on the command line
(\`millrace run job.ts --config parallelism.default=4\`). An unknown key and a value of the wrong type are errors before the job starts; the error suggests
the nearest key.

Durations are numbers of milliseconds or text such as \`"200ms"\`, \`"30s"\`, \`"5min"\`, \`"1h"\`, \`"1d"\`.

This page is made from \`core/util/options.ts\` by \`npm run docs\`; do not edit it.
`;

const TITLES: Readonly<Record<string, string>> = {
  parallelism: "Pipeline",
  pipeline: "Pipeline",
  taskmanager: "TaskManager",
  task: "TaskManager",
  metrics: "Metrics",
  execution: "Checkpoints and recovery",
  sink: "Sinks",
  "restart-strategy": "Restart strategies",
};

export function configurationPage(): string {
  const sections = new Map<string, string[]>();
  for (const option of Object.values(OPTIONS)) {
    const prefix = option.key.split(".")[0] ?? "";
    const title = TITLES[prefix] ?? prefix;
    sections.set(title, [...(sections.get(title) ?? []), rowOf(option)]);
  }
  const tables = [...sections].map(
    ([title, rows]) =>
      `\n## ${title}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`,
  );
  return HEAD + tables.join("");
}

function rowOf(option: Option<boolean | number | string>): string {
  const allowed = (option.values ?? []).filter((value) => value !== "").map((value) => `\`${value}\``);
  const doc = allowed.length === 0 ? option.doc : `${option.doc} One of ${allowed.join(", ")}.`;
  return `| \`${option.key}\` | ${option.type} | ${defaultOf(option)} | ${doc} |`;
}

function defaultOf(option: Option<boolean | number | string>): string {
  if (option.default === "") return "(empty)";
  if (option.type !== "duration" || typeof option.default !== "number") return `\`${String(option.default)}\``;
  return option.default === 0 ? "`0`" : `\`${durationText(option.default)}\``;
}

/** In the largest unit that is exact. */
function durationText(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}min`;
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
