/** An operator of one's own with a list as its state, dealt or given to all: it counts what passes, and says at the end how much it was. */
import { OutputTag } from "../../../../core/index.ts";
import type { Operator, OperatorServices } from "../../../../core/index.ts";
import { ofOne, passedOn } from "../stage.ts";
import type { Rec, Stage } from "../stage.ts";

/** A lane of totals: only their sum is certain, since each subtask has its own. */
export const TOTALS = "+";

export const OPERATOR_STATE: Stage = ofOne({
  facts: (input) => [passedOn(input), { ...passedOn(input), sinkOnly: true }],
  code: (input, { a }, name) =>
    `${input}.transform(count in a ${modeOf(a)} list); ${name}.1 = ${name}.getSideOutput(count of each subtask)`,
  build: (stream, { a }, name) => {
    const totals = new OutputTag<Rec>(`total-${name}`);
    const main = stream.transform<Rec>(name, (services) => counting(services, modeOf(a), totals)).uid(name);
    return [main, main.getSideOutput(totals)];
  },
  interpret: (records) => [records, [{ rec: { src: TOTALS, key: "", n: records.length }, timestampMs: 0 }]],
});

function modeOf(a: number): "split" | "union" {
  return a % 2 === 0 ? "split" : "union";
}

function counting(services: OperatorServices<Rec>, mode: "split" | "union", totals: OutputTag<Rec>): Operator {
  const { output, operatorState, task } = services;
  const counts = operatorState.list<{ readonly owner: number; readonly count: number }>("counts", mode);
  const mine = counts.get().filter(({ owner }) => mode === "split" || owner % task.parallelism === task.subtaskIndex);
  let count = mine.reduce((total, item) => total + item.count, 0);
  return {
    inputs: [
      {
        processRecord: (record: Rec, timestampMs) => {
          count += 1;
          output.processRecord(record, timestampMs);
        },
        processWatermark: (watermarkMs) => output.processWatermark(watermarkMs),
        processIdle: (idle) => output.processIdle(idle),
      },
    ],
    // In two items, so that a list of several is dealt.
    snapshot: () =>
      counts.update([
        { owner: task.subtaskIndex, count: Math.floor(count / 2) },
        { owner: task.subtaskIndex, count: Math.ceil(count / 2) },
      ]),
    // What was emitted leaves the state: with another parallelism a subtask that had ended begins again.
    endInput: () => {
      services.sideOutput(totals.id)?.processRecord({ src: TOTALS, key: "", n: count }, 0);
      count = 0;
    },
  };
}
