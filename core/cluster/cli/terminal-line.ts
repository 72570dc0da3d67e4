/**
 * One line at the foot of a terminal that is rewritten in place, while anybody writes above it: the job's output, its functions, millrace itself.
 *
 * In:  texts of the line. Out: the terminal.
 * Everybody writes through the same two streams, so that their `write` is wrapped: it takes the line away first, and the next text puts it back.
 */

const ERASE = "\r\u001b[2K";
/** Of terminals that do not say. */
const USUAL_COLUMNS = 80;

export class TerminalLine {
  readonly #out: NodeJS.WriteStream;
  readonly #write: (text: string) => void;
  readonly #unwrap: readonly (() => void)[];
  #isShown: boolean;
  /** Somebody else's line is not finished: ours waits. */
  #isInterrupted: boolean;

  /** `streams`: all that lead to the same terminal. */
  constructor(out: NodeJS.WriteStream, streams: readonly NodeJS.WriteStream[]) {
    this.#out = out;
    const write = out.write.bind(out);
    this.#write = (text) => void write(text);
    this.#isShown = false;
    this.#isInterrupted = false;
    this.#unwrap = streams.filter(({ isTTY }) => isTTY).map((stream) => this.#wrap(stream));
  }

  show(text: string): void {
    if (this.#isInterrupted) return;
    // A line that wraps cannot be taken back.
    this.#write(ERASE + text.slice(0, (this.#out.columns || USUAL_COLUMNS) - 1));
    this.#isShown = true;
  }

  end(): void {
    this.#erase();
    for (const unwrap of this.#unwrap) unwrap();
  }

  #erase(): void {
    if (this.#isShown) this.#write(ERASE);
    this.#isShown = false;
  }

  #wrap(stream: NodeJS.WriteStream): () => void {
    const write = stream.write.bind(stream);
    const wrapped = (...args: Parameters<typeof write>): boolean => {
      this.#erase();
      this.#isInterrupted = !endsLine(args[0]);
      return write(...args);
    };
    stream.write = wrapped as typeof write; // the overloads differ in their callbacks only
    return () => {
      if (stream.write === wrapped) stream.write = write;
    };
  }
}

function endsLine(chunk: string | Uint8Array): boolean {
  return typeof chunk === "string" ? chunk.endsWith("\n") : chunk.at(-1) === "\n".charCodeAt(0);
}
