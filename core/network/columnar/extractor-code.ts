/**
 * The text of an extractor: a function that takes the fields of many records of one shape apart, each into an array of its own.
 *
 * For `{ id: number, name: string }` it is
 *
 * ```js
 * return function extract(values, count, fields, names) {
 *   const c0 = fields[0].numbers;
 *   const c1 = fields[1].lengths;
 *   const f1 = values[0]["name"]; let t1 = "", s1 = mayBeSame(f1, count);
 *   for (let i = 0; i < count; i += 1) {
 *     const v = values[i];
 *     if (names !== undefined) {
 *       if (typeof v !== "object" || v === null) return FOREIGN;
 *       let k = 0;
 *       for (const n in v) { if (n !== names[k]) return FOREIGN; k += 1; }
 *       if (k !== 2) return FOREIGN;
 *     }
 *     if (v.__proto__ !== prototype) return FOREIGN;
 *     const v0 = v["id"]; if (typeof v0 !== "number") return 0; c0[i] = v0;
 *     const v1 = v["name"]; if (typeof v1 !== "string") return 1; c1[i] = v1.length;
 *     if (!s1) t1 += v1; else if (v1 !== f1) { s1 = false; t1 = f1.repeat(i) + v1; }
 *   }
 *   fields[1].text = s1 ? f1 : t1; fields[1].isSame = s1;
 *   return EXTRACTED;
 * };
 * ```
 *
 * Why generated: reading a field by a fixed name costs a fraction of reading it by a variable, and numbers reach the typed array without being boxed
 * (bench/micro/columnar.ts). `__proto__` is the one way to the prototype that V8 inlines; shapes with a field of that name have no extractor.
 */
import type { GeneratedCodecs } from "./generated-codecs.ts";
import { mayBeSame } from "./leaf-columns.ts";

/** `any`: whatever it is, for a column encoder to sort out. */
export type FieldForm = "number" | "text" | "any";

export interface ExtractedField {
  form: FieldForm;
  numbers: Float64Array;
  lengths: Uint32Array;
  text: string;
  /** The text is that of every value, rather than of all in one piece. */
  isSame: boolean;
  values: unknown[];
}

export const EXTRACTED = -1;
/** A value that is not of the shape, or only looks like it: of a class, or an array with holes. */
export const FOREIGN = -2;

/**
 * Returns `EXTRACTED`, `FOREIGN`, or the index of a field that holds something of another form in some record. With `names`, the values are those of a batch
 * that may hold other records; without, they were sorted out before.
 */
export type Extractor = (
  values: readonly unknown[],
  count: number,
  fields: readonly ExtractedField[],
  names: readonly string[] | undefined,
) => number;

export interface ExtractorShape {
  readonly isTuple: boolean;
  /** Of a tuple: its indexes. */
  readonly names: readonly string[];
  readonly forms: readonly FieldForm[];
}

export function extractorOf(codecs: GeneratedCodecs, shape: ExtractorShape): Extractor {
  const prototype: unknown = shape.isTuple ? Array.prototype : Object.prototype;
  const code = extractorCode(shape);
  return codecs.get(code, { prototype, hasOwn: Object.hasOwn, mayBeSame, EXTRACTED, FOREIGN }) as Extractor; // as the code below has it
}

export function extractorCode(shape: ExtractorShape): string {
  const { forms } = shape;
  return [
    `return function extract(values, count, fields, names) {`,
    ...forms.map((form, at) => `  const c${at} = fields[${at}].${ARRAY_OF[form]};`),
    ...forms.map((form, at) => (form === "text" ? `  ${textBefore(shape, at)}` : "")),
    `  for (let i = 0; i < count; i += 1) {`,
    `    const v = values[i];`,
    ...matchCode(shape).map((line) => `    ${line}`),
    `    if (v.__proto__ !== prototype) return FOREIGN;`,
    ...forms.map((form, at) => `    ${fieldCode(shape, form, at)}`),
    `  }`,
    ...forms.map((form, at) =>
      form === "text" ? `  fields[${at}].text = s${at} ? f${at} : t${at}; fields[${at}].isSame = s${at};` : "",
    ),
    `  return EXTRACTED;`,
    `};`,
  ]
    .filter((line) => line !== "")
    .join("\n");
}

const ARRAY_OF: Readonly<Record<FieldForm, string>> = { number: "numbers", text: "lengths", any: "values" };

function matchCode({ isTuple, forms }: ExtractorShape): string[] {
  if (isTuple)
    return [`if (names !== undefined && !(Array.isArray(v) && v.length === ${forms.length})) return FOREIGN;`];
  return [
    `if (names !== undefined) {`,
    `  if (typeof v !== "object" || v === null) return FOREIGN;`,
    `  let k = 0;`,
    `  for (const n in v) { if (n !== names[k]) return FOREIGN; k += 1; }`,
    `  if (k !== ${forms.length}) return FOREIGN;`,
    `}`,
  ];
}

function nameOf(shape: ExtractorShape, at: number): string {
  return shape.isTuple ? String(at) : JSON.stringify(shape.names[at]);
}

/** Text that is the same in all records (`kind: "bid"`) is not joined. */
function textBefore(shape: ExtractorShape, at: number): string {
  return `const f${at} = values[0][${nameOf(shape, at)}]; let t${at} = "", s${at} = mayBeSame(f${at}, count);`;
}

function fieldCode(shape: ExtractorShape, form: FieldForm, at: number): string {
  const name = nameOf(shape, at);
  const read = `v${at} = v[${name}];`;
  if (form === "number") return `const ${read} if (typeof v${at} !== "number") return ${at}; c${at}[i] = v${at};`;
  if (form === "text") {
    const join = `if (!s${at}) t${at} += v${at}; else if (v${at} !== f${at}) { s${at} = false; t${at} = f${at}.repeat(i) + v${at}; }`;
    return `const ${read} if (typeof v${at} !== "string") return ${at}; c${at}[i] = v${at}.length; ${join}`;
  }
  if (shape.isTuple)
    return `const ${read} if (v${at} === undefined && !hasOwn(v, ${name})) return FOREIGN; c${at}[i] = v${at};`;
  return `const ${read} c${at}[i] = v${at};`;
}
