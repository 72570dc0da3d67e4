/** The one place where the API writes to the terminal: lines of `print()`, in the process that submitted the job. */

export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
