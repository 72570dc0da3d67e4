/** Planted bugs in stateful functions: what is parked, delayed, taken back, tried again, and what a turn that failed leaves behind. Hunted in programs of functions. */
import type { Mutant } from "./mutant.ts";

const GROUP = "statefun/group/function-group.ts";
const PARKED = "statefun/group/parked-addresses.ts";
const MAILBOXES = "statefun/group/mailboxes.ts";
const DELAYED = "statefun/group/delayed-sends.ts";
const OPERATIONS = "statefun/group/async-operations.ts";
const RUNNER = "statefun/group/turn-runner.ts";
const TURN = "statefun/group/turn.ts";

const IN_FUNCTIONS: readonly Omit<Mutant, "arena">[] = [
  {
    id: "failed-turn-takes-effect",
    file: RUNNER,
    find: `      turn.drop();
      this.error = error;`,
    replace: `      turn.apply();
      this.error = error;`,
    about: "what a turn did before it threw takes effect",
  },
  {
    id: "failed-turn-keeps-its-sends",
    file: TURN,
    find: `    this.#sendCount = 0;
    this.#egress = undefined;`,
    replace: `    this.#egress = undefined;`,
    about: "messages of a turn that threw leave with the next turn",
  },
  {
    id: "parked-address-takes-messages",
    file: PARKED,
    find: `    if (!this.#mailboxes.isParked(fn.type)) return false;`,
    replace: `    if (fn.type !== "") return false;`,
    about: "messages for an address whose turn is under way do not wait",
  },
  {
    id: "turn-under-way-forgotten",
    file: PARKED,
    find: `      if (parked.status === "draining") this.#drainLater(fn, id);
    }`,
    replace: `    }`,
    about: "turns that were under way in a snapshot are not begun anew after a restore",
  },
  {
    id: "async-turn-twice",
    file: PARKED,
    find: `      turn.apply();
      this.#mailboxes.dropHead(fn, parked);`,
    replace: `      turn.apply();
      if (parked.next - parked.head !== 2) this.#mailboxes.dropHead(fn, parked);`,
    about: "the message of an async turn behind which another one waits is processed again",
  },
  {
    id: "mailbox-loses-order",
    file: MAILBOXES,
    find: `    const mail = this.#mails.get(parked.head);
    assert(`,
    replace: `    const last = parked.next - 1;
    const [first, other] = [this.#mails.get(parked.head), this.#mails.get(last)];
    if (first !== undefined && other !== undefined && parked.next - parked.head > 2) {
      this.#mails.put(parked.head, other);
      this.#mails.put(last, first);
    }
    const mail = this.#mails.get(parked.head);
    assert(`,
    about: "messages that wait at an address are processed out of order",
  },
  {
    id: "cancelled-message-arrives",
    file: DELAYED,
    find: `    if (before !== undefined) this.#remove(before, namespace);`,
    replace: `    if (before !== undefined && change !== "cancel") this.#remove(before, namespace);`,
    about: "a message that was taken back arrives all the same",
  },
  {
    id: "sent-message-taken-back",
    file: DELAYED,
    find: `    this.#keyed.setCurrentNamespace(namespace);
    this.#waiting.clear();
  }

  #emit`,
    replace: `  }

  #emit`,
    about: "a delayed message that has left can still be taken back",
  },
  {
    id: "delayed-dropped-at-the-end",
    file: GROUP,
    find: `        return this.delayed.fireEarliest();`,
    replace: `        return false;`,
    about: "a bounded job ends while messages wait for the clock",
  },
  {
    id: "ends-during-async-turns",
    file: GROUP,
    find: `    if (!this.#parked.quiet || this.#operations.underWay > 0) return false;`,
    replace: `    if (this.#operations.underWay > 0) return false;`,
    about: "a bounded job ends while turns are under way or wait to be tried again",
  },
  {
    id: "ends-during-operations",
    file: GROUP,
    find: `    if (!this.#parked.quiet || this.#operations.underWay > 0) return false;`,
    replace: `    if (!this.#parked.quiet) return false;`,
    about: "a bounded job ends while operations are under way",
  },
  {
    id: "unknown-outcome-forgotten",
    file: OPERATIONS,
    find: `        this.#options.services.execute(() => this.#deliverUnknown({ id, type, number, kind, metadata }, fn));`,
    replace: `        this.#unknown -= 1;`,
    about: "nobody hears of operations that were under way in a snapshot",
  },
  {
    id: "operation-stays-registered",
    file: OPERATIONS,
    find: `    this.#registered.remove(number);`,
    replace: ``,
    about: "the outcome of an operation is delivered once more after a restore",
  },
  {
    id: "states-of-types-mixed",
    file: "statefun/group/live-function.ts",
    find: "  const name = `${type}.${definition.name}`;",
    replace: "  const name = `${type.length}.${definition.name}`;",
    about: "functions of two types with one id share their state",
  },
  {
    id: "retry-starts-anew",
    file: PARKED,
    find: `    this.#retries.registerProcessing(fn.type, parked.dueMs);`,
    replace: `    if (parked.retries < 4) this.#retries.registerProcessing(fn.type, parked.dueMs);`,
    about: "a message that failed several times is never tried again",
  },
  {
    id: "held-not-armed-again",
    file: PARKED,
    find: `      for (const namespace of parked.held) delayed.rearm(namespace);`,
    replace: ``,
    waits: "async turns that take back what is due while they run",
    about: "a message that an async turn was about to take back is lost in a restore",
  },
];

export const FUNCTION_MUTANTS: readonly Mutant[] = IN_FUNCTIONS.map((mutant) => ({ ...mutant, arena: "functions" }));
