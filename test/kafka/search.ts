/** Jobs from Kafka to Kafka in the simulator, in which the seed decides everything. */
import fc from "fast-check";
import { splitIdOf } from "../../connectors/kafka/source/splits.ts";
import type { KafkaEnumeratorState, KafkaSplit } from "../../connectors/kafka/source/splits.ts";
import type { CompletedCheckpoint } from "../../core/checkpoint/contract.ts";
import { decodeValue } from "../../core/types/value-codec.ts";
import type { LiveChecker, Violation } from "../sim/checkers/checker.ts";
import { committedOutput } from "../sim/checkers/committed-output.ts";
import { plans } from "../sim/generate-plan.ts";
import { sampled } from "../sim/pipelines/generate.ts";
import type { SimPlan } from "../sim/plan.ts";
import type { SimRun } from "../sim/run.ts";
import { arbitrarySeedOf } from "../sim/search.ts";
import { examineTrial } from "../sim/trial.ts";
import type { Examined } from "../sim/trial.ts";
import { IN, KafkaInput } from "./input.ts";
import { expectedOf, kafkaPipeline, outTopicsOf, visibleIn } from "./pipeline.ts";
import type { ReadUpTo } from "./pipeline.ts";
import { isUnbounded, kafkaPrograms, recordsOf } from "./program.ts";
import type { KafkaProgram } from "./program.ts";

export interface KafkaScenario {
  readonly program: KafkaProgram;
  readonly plan: SimPlan;
}

/** A job without end is asked to stop only so often: what goes wrong must be over by then. */
const UNBOUNDED_HEALED_MS = 4_000;

const scenarios: fc.Arbitrary<KafkaScenario> = fc.record({ program: kafkaPrograms, plan: plans });

export function kafkaScenarioOf(seed: number): KafkaScenario {
  return sampled(scenarios, arbitrarySeedOf(seed));
}

export function examineKafka(seed: number): Promise<Examined> {
  return examineKafkaScenario(kafkaScenarioOf(seed));
}

export function examineKafkaScenario({ program, plan: drawn }: KafkaScenario): Promise<Examined> {
  const plan = isUnbounded(program) ? drained(drawn, recordsOf(program)) : drawn;
  const input = new KafkaInput(program, outTopicsOf(program));
  const expected = (run: SimRun) => expectedOf(program, input, readUpTo(program, input, run));
  return examineTrial({
    pipeline: kafkaPipeline(program, input),
    plan,
    live: [noReaderWaits(input), undisturbed(program)],
    // What others do comes first: at the end of the run they look at a cluster that is still there.
    outside: [input, input.kafka],
    output: committedOutput(expected, () => visibleIn(input)),
    about: `${JSON.stringify(program)}\n${JSON.stringify(plan)}`,
  });
}

/** Undefined: all checkers are content. */
export async function runKafkaSeed(seed: number): Promise<Violation | undefined> {
  return (await examineKafka(seed)).violation;
}

/** One leg that ends on request, through what passes quickly. From a checkpoint it would never come to its end, so nobody starts there. */
function drained(plan: SimPlan, records: number): SimPlan {
  const [first] = plan.legs;
  return {
    ...plan,
    seed: plan.seed - (plan.seed % 3) + 1,
    legs: [{ parallelism: first?.parallelism ?? 1, stop: { how: "drain", after: 1 + (plan.seed % records) } }],
    disasters: plan.disasters.filter(({ kind }) => kind.startsWith("crash")),
    healedMs: UNBOUNDED_HEALED_MS,
  };
}

/** Where the savepoint stands that ended the job; without one, everything was read. */
function readUpTo(program: KafkaProgram, input: KafkaInput, { drained: savepoint }: SimRun): ReadUpTo {
  if (savepoint === undefined) return () => Infinity;
  const positions = positionsIn(savepoint);
  const { started, known } = enumeratorIn(savepoint);
  const found = new Set(known);
  return (partition) => {
    const id = splitIdOf({ topic: IN, partition });
    if (!started || !found.has(id)) return 0;
    return positions.get(id) ?? input.ends[partition] ?? Infinity;
  };
}

function enumeratorIn({ coordinators }: Pick<CompletedCheckpoint, "coordinators">): KafkaEnumeratorState {
  const [state] = coordinators.map((one) => decodeValue(one.state) as KafkaEnumeratorState); // the job has one source
  return state ?? { started: false, known: [], pending: [] };
}

function positionsIn(savepoint: CompletedCheckpoint): ReadonlyMap<string, number> {
  const items = savepoint.vertices
    .flatMap(({ subtasks }) => subtasks.flatMap(({ operators }) => operators))
    .flatMap(({ lists }) => lists.filter(({ name }) => name === "splits").flatMap((list) => list.items));
  const read = items.map((item) => (decodeValue(item) as { readonly split: KafkaSplit }).split); // as the source operator saves it
  return new Map([...enumeratorIn(savepoint).pending, ...read].map(({ splitId, offset }) => [splitId, offset]));
}

function noReaderWaits(input: KafkaInput): LiveChecker {
  return {
    name: "readers",
    check: ({ failure, refusal }) => (failure === undefined && refusal === undefined ? input.blocked : undefined),
  };
}

/** Where nothing goes wrong, nothing starts again: a sink that its brokers refuse would come to its end all the same. */
function undisturbed({ faults }: KafkaProgram): LiveChecker {
  const isCalm = Object.values(faults).every((rate) => rate === 0);
  return {
    name: "restarts",
    check: ({ plan, struck, restarts, warnings }) =>
      isCalm && struck.size === 0 && plan.legs.length === 1 && plan.tolerable > 2 && restarts > 0
        ? `nothing went wrong, but the job started again ${restarts} times: ${warnings[0]}`
        : undefined,
  };
}
