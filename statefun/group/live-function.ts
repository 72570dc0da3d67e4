/**
 * A function as one subtask runs it: its handler, its states bound to the keyed state, its metrics, and the turn object that its synchronous turns share.
 */
import { list, map, value } from "../../core/state/descriptors.ts";
import type { KeyedState } from "../../core/state/keyed-state.ts";
import type { Counter, MetricGroup } from "../../core/metrics/registry.ts";
import type { TypeName } from "../address.ts";
import type { Check, FunctionDefinition, Handler, StateDefinition } from "../define/function-definition.ts";
import { BufferCell } from "./buffer-cell.ts";
import { frozenCopy } from "./frozen-value.ts";
import { lifetimeOf, savedName } from "./saved-names.ts";
import { ValueCell } from "./state-cell.ts";
import type { StateCell } from "./state-cell.ts";
import { stateViews } from "./state-view.ts";
import type { MakeView } from "./state-view.ts";
import { TableCell } from "./table-cell.ts";
import { TurnContext } from "./turn-context.ts";
import { Turn } from "./turn.ts";
import type { TurnFunction, TurnWorld } from "./turn.ts";

/** Makes the cell of one state in one turn. */
type MakeCell = (turn: Turn) => StateCell;

export class LiveFunction implements TurnFunction {
  readonly type: TypeName;
  readonly definition: FunctionDefinition;
  readonly handler: Handler;
  /** What it accepts from outside is checked; undefined: whatever comes. */
  readonly accepts: ReadonlyMap<string, Check | undefined> | undefined;
  /** It has returned a promise before: its messages are copied, since they outlive the step in which they came. */
  isAsync = false;
  /** Without it, the key need not be set before a turn. */
  readonly hasState: boolean;
  /** The kind that was accepted last, and its check. */
  knownKind: string | undefined = undefined;
  knownCheck: Check | undefined = undefined;
  /** For the next synchronous turn; undefined: an async turn has taken it along. */
  idle: Turn | undefined = undefined;
  readonly in: Counter;
  readonly out: Counter;
  readonly outEgress: Counter;
  /** Addresses with a mailbox, what waits in them, and those that are quarantined. */
  blocked = 0;
  backlog = 0;
  quarantined = 0;
  asyncOperations = 0;
  readonly #metrics: MetricGroup;
  readonly #makeCells: readonly MakeCell[];
  readonly #makeView: MakeView;

  constructor(
    definition: FunctionDefinition,
    handler: Handler,
    services: { readonly keyedState: KeyedState; readonly metrics: MetricGroup },
  ) {
    const { type, accepts, state } = definition;
    this.type = type;
    this.definition = definition;
    this.handler = handler;
    this.accepts = accepts;
    this.hasState = state.length > 0;
    this.#makeCells = state.map((declared) => bindState(type, declared, services.keyedState));
    const properties = state.map(({ property }) => property);
    this.#makeView = stateViews(type, properties);
    const slash = type.lastIndexOf("/");
    const metrics = services.metrics
      .group("functions")
      .group(type.slice(0, slash))
      .group(type.slice(slash + 1));
    this.#metrics = metrics;
    this.in = metrics.counter("in");
    this.out = metrics.counter("out");
    this.outEgress = metrics.counter("outEgress");
    metrics.gauge("numBlockedAddress", () => this.blocked);
    metrics.gauge("numBacklog", () => this.backlog);
    metrics.gauge("numQuarantined", () => this.quarantined);
    metrics.gauge("inflightAsyncOps", () => this.asyncOperations);
  }

  makeTurn(world: TurnWorld): Turn {
    return new Turn(this, world, (turn) => {
      const cells = this.#makeCells.map((makeCell) => makeCell(turn));
      return new TurnContext(turn, this.#makeView(cells), this.#metrics);
    });
  }
}

/** Under a name that no other function has. */
function bindState(type: TypeName, definition: StateDefinition, keyedState: KeyedState): MakeCell {
  const name = savedName(type, definition.name);
  const lifetime = lifetimeOf(definition.expiration);
  switch (definition.kind) {
    case "value": {
      const state = keyedState.value(name, value<unknown>(lifetime));
      const options = { check: definition.check, shown: frozenCopy(definition.default) };
      return (turn) => new ValueCell(turn, state, options);
    }
    case "table": {
      const state = keyedState.map(name, map<unknown, unknown>(lifetime));
      return (turn) => new TableCell(turn, state, definition);
    }
    case "buffer": {
      const state = keyedState.list(name, list<unknown>(lifetime));
      return (turn) => new BufferCell(turn, state, definition);
    }
  }
}
