/** The state of an address, as a reply: what is declared, property by property, with the defaults where nothing is saved. */
import type { FunctionContext } from "../define/function-context.ts";
import type { FunctionDefinition } from "../define/function-definition.ts";

/** In a turn of its own, so that it stands behind all that came before; it touches what expires after its last access. */
export function replyState(context: FunctionContext, { state }: FunctionDefinition): void {
  if (context.caller === undefined) return; // nobody asks
  context.reply(
    Object.fromEntries(state.map(({ kind, property }) => [property, plainView(kind, context.state[property])])),
  );
}

/** Tables and buffers as the collections that they look like. */
function plainView(kind: FunctionDefinition["state"][number]["kind"], view: unknown): unknown {
  if (kind === "value") return view;
  return kind === "table" ? new Map(view as Iterable<[unknown, unknown]>) : [...(view as Iterable<unknown>)]; // as cells of that kind are
}
