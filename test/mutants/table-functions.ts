/** Planted bugs in what happens around turns: what is parked, delayed, taken back, tried again, and when a job ends. Hunted in programs of functions. */
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
    file: "statefun/group/saved-names.ts",
    find: "  return `${type}.${state}`;",
    replace: "  return `${type.length}.${state}`;",
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
    about: "a message that an async turn was about to take back is lost in a restore",
  },
  {
    id: "due-while-taken-back",
    file: DELAYED,
    find: `this.#target.hold(due.from, due.token, String(namespace))`,
    replace: `this.#target.hold(due.from, "", "")`,
    about: "a message that falls due while an async turn takes it back goes out all the same",
  },
  {
    id: "due-while-replaced",
    file: TURN,
    find: `    return this.#delayed?.has(token) === true;`,
    replace: `    return this.#delayed?.get(token) === "cancel";`,
    about: "a message that falls due while an async turn replaces it by another one goes out all the same",
  },
  {
    id: "held-not-released",
    file: PARKED,
    find: `      for (const namespace of held) turn.world.delayed.release(namespace);`,
    replace: ``,
    about: "a message that an async turn took back never goes out, though the turn has failed",
  },
  {
    id: "tokens-of-types-mixed",
    file: DELAYED,
    find: "  return `${type}\\n${token}`;",
    replace: "  return token;",
    about: "functions of two types with one id share their tokens",
  },
  {
    id: "delayed-by-its-receiver",
    file: DELAYED,
    find: `    const fromId = String(this.#keyed.getCurrentKey());`,
    replace: `    const fromId = id;`,
    about: "a delayed message says that it comes from its receiver",
  },
  {
    id: "caller-lost-in-mailbox",
    file: MAILBOXES,
    find: `    const { from, fromId, kind, timestampMs } = mail;`,
    replace: `    const { kind, timestampMs } = mail;
    const [from, fromId] = ["", ""] as const;`,
    about: "a message that has waited at its address has no sender any more",
  },
  {
    id: "waiting-message-changed",
    file: MAILBOXES,
    find: `value: copyValue(mail.value) }, timestampMs };`,
    replace: `value: mail.value }, timestampMs };`,
    about: "what a handler does to its message is done to the one that waits to be tried again",
  },
  {
    id: "parked-forgotten-after-restore",
    file: MAILBOXES,
    find: `    owner.backlog += parked.next - parked.head;
    this.parked += 1;`,
    replace: `    owner.backlog += parked.next - parked.head;`,
    about: "after a restore messages pass by those that wait at their address",
  },
  {
    id: "quarantine-drops",
    file: PARKED,
    find: `      this.#mailboxes.setStatus(fn, parked, "quarantined");`,
    replace: `      if (parked.status !== "quarantined") {
        this.#mailboxes.dropHead(fn, parked);
        return true;
      }`,
    about: "a message that fails for good is dropped without a word, and its address goes on",
  },
  {
    id: "operation-never-begins",
    file: OPERATIONS,
    find: `    if (next !== undefined) this.#begin(next);`,
    replace: ``,
    about: "an operation that waits for a place never begins",
  },
  {
    id: "ends-while-waiting-for-the-clock",
    file: GROUP,
    find: `    return this.#options.onEndOfInput !== "wait" || this.delayed.processingCount === 0;`,
    replace: `    return this.delayed.processingCount >= 0;`,
    about: "a job that is to wait for the clock ends at once",
  },
  {
    id: "unknown-function-ignored",
    file: GROUP,
    find: `    this.#deadLetters.emit(policy.egress, envelope, error, timestampMs);`,
    replace: ``,
    about: "messages to functions that do not exist are dropped without a word",
  },
  {
    id: "message-of-source-shared",
    file: GROUP,
    find: `this.#group.dispatch({ to, id, from, fromId, kind, value: copyValue(value) }, timestampMs);`,
    replace: `this.#group.dispatch(envelope, timestampMs);`,
    about: "what a function does to a message from outside is done to the record of the source",
  },
  {
    id: "drained-before-loop-rests",
    file: "core/runtime/task.ts",
    find: `this.#parts.loop?.isAlone === true && due.options.stop === "drain"`,
    replace: `this.#parts.loop?.isAlone === true && due.options.stop === undefined && due.checkpointId < 0`,
    about: "a savepoint that drains the job is taken while messages go around",
  },
  {
    id: "sent-between-two-questions",
    file: "core/runtime/loop.ts",
    find: `head.quiet !== false && this.#isAsCounted();`,
    replace: `head.quiet !== false;`,
    waits:
      "a longer search than 300 runs; once found by chance, and kept in test/functions/found/timer-between-two-questions.json",
    about: "a loop ends though a timer has sent something between two questions of the master",
  },
  {
    id: "resting-loop-with-messages",
    file: "core/runtime/loop.ts",
    find: `const rests = isIdle && this.waiting === 0 && head.quiet !== false;`,
    replace: `const rests = true;`,
    waits: "nothing: the last question looks at all of it again, so that this one only saves rounds",
    about: "a task that has messages before it, or turns and operations under way, says that it rests",
  },
];

export const FUNCTION_MUTANTS: readonly Mutant[] = IN_FUNCTIONS.map((mutant) => ({ ...mutant, arena: "functions" }));
