/**
 * What the server knows of the functions before it lets a request in: which there are, which kinds of messages they take, and the check of each.
 *
 * In:    a type, a kind or none, a value. Out: the kind and the checked value, or a refusal that says why.
 * State: none but the application's definitions.
 */
import { described, isMillraceError } from "../../core/util/errors.ts";
import { nearest } from "../../core/util/nearest.ts";
import { namespaceOf } from "../address.ts";
import type { TypeName } from "../address.ts";
import type { FunctionDefinition, NamespaceDefinition } from "../define/function-definition.ts";
import { ANY_KIND } from "../envelope.ts";
import { copyMessage } from "../group/copy-value.ts";
import { RefusedRequest, refusal } from "./answer.ts";

type Accepts = FunctionDefinition["accepts"];

export interface Functions {
  readonly functions: readonly FunctionDefinition[];
  readonly namespaces: readonly NamespaceDefinition[];
}

export class FunctionCatalog {
  readonly #functions: ReadonlyMap<TypeName, Accepts>;
  readonly #namespaces: ReadonlySet<string>;

  constructor({ functions, namespaces }: Functions) {
    this.#functions = new Map(functions.map(({ type, accepts }) => [type, accepts]));
    this.#namespaces = new Set(namespaces.map(({ namespace }) => namespace));
  }

  /** Throws the refusal if there is no such function. */
  require(type: TypeName): void {
    if (this.#functions.has(type) || this.#namespaces.has(namespaceOf(type))) return;
    const suggestion = nearest(type, [...this.#functions.keys()]);
    const hint = suggestion === undefined ? "" : `: did you mean ${suggestion}?`;
    throw refused(404, "MR9051", `there is no function ${type}${hint}`);
  }

  /** The kind of a message to a known function. `asked`: what the request says, if it says anything. */
  kindOf(type: TypeName, asked: string | undefined): string {
    const accepts = this.#functions.get(type);
    if (asked?.startsWith("$") === true)
      throw refused(400, "MR9054", `"${asked}" is a kind of the runtime, which no request may send`);
    if (accepts === undefined) return asked ?? ANY_KIND;
    const kinds = [...accepts.keys()];
    if (asked !== undefined) {
      if (accepts.has(asked)) return asked;
      const suggestion = nearest(asked, kinds);
      const hint = suggestion === undefined ? `it accepts ${kinds.join(", ")}` : `did you mean "${suggestion}"?`;
      throw refused(400, "MR9054", `${type} accepts no message of kind "${asked}": ${hint}`);
    }
    const [only] = kinds;
    if (kinds.length === 1 && only !== undefined) return only;
    throw refused(400, "MR9054", `${type} accepts ${kinds.join(", ")}: say which in the header Millrace-Kind`);
  }

  /** What the function will get: what its schema makes of the value, which shares nothing with it. */
  checked(type: TypeName, kind: string, value: unknown): unknown {
    const check = this.#functions.get(type)?.get(kind);
    try {
      return copyMessage(check === undefined ? value : check(value));
    } catch (error) {
      throw notAccepted(error);
    }
  }
}

/** The schema refuses the value, or made something of it that no message can hold; anything else is a mistake in the schema. */
function notAccepted(error: unknown): RefusedRequest {
  if (!isMillraceError(error)) return refused(500, "MR9065", `the schema of the message failed: ${described(error)}`);
  const sentence = error.message.replace(/^MR\d+: /, "");
  return refused(error.code === "MR9011" ? 500 : 400, error.code, sentence);
}

function refused(status: number, code: string, message: string): RefusedRequest {
  return new RefusedRequest(refusal(status, { code, message }));
}
