/** The line at the foot of a terminal: what stands on the screen after everybody has written. */
import { describe, expect, test } from "vitest";
import { TerminalLine } from "../../../../core/cluster/cli/terminal-line.ts";

const ERASE_LINE = "\u001b[2K";

/** A terminal that knows line feeds, carriage returns and how to erase a line. */
class Screen {
  lines: string[] = [""];
  readonly stream: NodeJS.WriteStream;

  constructor(columns: number) {
    const write = (text: string): boolean => {
      for (const [index, piece] of text.split(ERASE_LINE).entries()) {
        if (index > 0) this.lines[this.lines.length - 1] = "";
        for (const letter of piece) this.#put(letter);
      }
      return true;
    };
    this.stream = { isTTY: true, columns, write } as unknown as NodeJS.WriteStream; // all that is used of it
  }

  #put(letter: string): void {
    if (letter === "\n") this.lines.push("");
    else if (letter !== "\r") this.lines[this.lines.length - 1] += letter;
  }
}

function setUp(columns = 80): { readonly screen: Screen; readonly line: TerminalLine } {
  const screen = new Screen(columns);
  return { screen, line: new TerminalLine(screen.stream, [screen.stream]) };
}

describe("the terminal line", () => {
  test("is rewritten in place", () => {
    const { screen, line } = setUp();
    line.show("one");
    line.show("two");
    expect(screen.lines).toEqual(["two"]);
  });

  test("makes way for what others write, and comes back below", () => {
    const { screen, line } = setUp();
    line.show("one");
    screen.stream.write("a result\n");
    expect(screen.lines).toEqual(["a result", ""]);
    line.show("two");
    expect(screen.lines).toEqual(["a result", "two"]);
  });

  test("waits while somebody else's line is not finished", () => {
    const { screen, line } = setUp();
    screen.stream.write("half");
    line.show("one");
    expect(screen.lines).toEqual(["half"]);
    screen.stream.write(" whole\n");
    line.show("two");
    expect(screen.lines).toEqual(["half whole", "two"]);
  });

  test("never wraps, also where the terminal does not say how wide it is", () => {
    const narrow = setUp(5);
    narrow.line.show("abcdefgh");
    expect(narrow.screen.lines).toEqual(["abcd"]);
    const unknown = setUp(0);
    unknown.line.show("x".repeat(100));
    expect(unknown.screen.lines).toEqual(["x".repeat(79)]);
  });

  test("is gone at the end, and others write as before", () => {
    const { screen, line } = setUp();
    const { write } = screen.stream;
    line.show("one");
    line.end();
    expect(screen.lines).toEqual([""]);
    expect(screen.stream.write).not.toBe(write);
  });
});
