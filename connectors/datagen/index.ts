/** `millrace/connectors/datagen`: records from a function of their index, for tests, examples and load. */
export { dataGenerator } from "./source.ts";
export type { DataGeneratorOptions, DataGeneratorSplit } from "./source.ts";
