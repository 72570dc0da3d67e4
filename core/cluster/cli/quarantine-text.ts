/** What `millrace run` says of a job that has finished and left something in quarantine. */
import type { QuarantineReport } from "../../operators/quarantine-report.ts";

/** Empty, or lines that end with a line feed. */
export function quarantineText(jobName: string, { count, first }: QuarantineReport): string {
  if (count === 0) return "";
  const are = count === 1 ? "1 address is" : `${count} addresses are`;
  const which = count > first.length ? `; the oldest ${first.length}:` : ":";
  const lines = first.map(({ what, why, sinceMs }) => `  ${what} since ${new Date(sinceMs).toISOString()}: ${why}\n`);
  return (
    `millrace: job "${jobName}" has finished, but ${are} quarantined, each with the message that failed${which}\n${lines.join("")}` +
    `millrace: what waits there ends with the job; to keep it, stop the job with a savepoint, or send what fails to an egress (onError: deadLetter)\n`
  );
}
