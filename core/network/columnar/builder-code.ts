/**
 * The text of a builder: a function that puts records of one shape together from their columns.
 *
 * For `{ id: number, name: string }` it is
 *
 * ```js
 * return function build(count, columns, out) {
 *   const c0 = columns[0];
 *   const t1 = columns[1].text, l1 = columns[1].lengths;
 *   let e1 = 0;
 *   for (let i = 0; i < count; i += 1) {
 *     const s1 = e1; e1 += l1[i];
 *     out[i] = { "id": c0[i], "name": t1.substring(s1, e1) };
 *   }
 *   return e1 === t1.length;
 * };
 * ```
 *
 * A literal with the names of the source in their order gives the objects the hidden class that they had. Cost: text of 13 characters and more is a slice
 * that keeps the text of its whole column alive; flatten what is kept for long.
 */
import { ABSENT } from "./frame-format.ts";
import type { GeneratedCodecs } from "./generated-codecs.ts";

export interface TextColumn {
  readonly text: string;
  readonly lengths: Uint32Array;
}

/** Returns false if the lengths of some text column are not those of its text. */
export type Builder = (count: number, columns: readonly unknown[], out: unknown[]) => boolean;

export interface BuilderShape {
  /** Undefined: a tuple. */
  readonly names: readonly string[] | undefined;
  readonly fields: readonly { readonly isText: boolean; readonly isOptional: boolean }[];
}

export function builderOf(codecs: GeneratedCodecs, shape: BuilderShape): Builder {
  return codecs.get(builderCode(shape), { ABSENT }) as Builder; // as the code below has it
}

export function builderCode(shape: BuilderShape): string {
  const { fields } = shape;
  const texts = fields.flatMap(({ isText }, at) => (isText ? [at] : []));
  return [
    `return function build(count, columns, out) {`,
    ...fields.map(({ isText }, at) =>
      isText
        ? `  const t${at} = columns[${at}].text, l${at} = columns[${at}].lengths; let e${at} = 0;`
        : `  const c${at} = columns[${at}];`,
    ),
    `  for (let i = 0; i < count; i += 1) {`,
    ...texts.map((at) => `    const s${at} = e${at}; e${at} += l${at}[i];`),
    ...recordCode(shape).map((line) => `    ${line}`),
    `  }`,
    `  return ${["true", ...texts.map((at) => `e${at} === t${at}.length`)].join(" && ")};`,
    `};`,
  ].join("\n");
}

/** Fields behind the first optional one are added one by one, so that their order is that of the source. */
function recordCode({ names, fields }: BuilderShape): string[] {
  const values = fields.map(({ isText }, at) => (isText ? `t${at}.substring(s${at}, e${at})` : `c${at}[i]`));
  if (names === undefined) return [`out[i] = [${values.join(", ")}];`];
  const firstOptional = fields.findIndex(({ isOptional }) => isOptional);
  const literalFields = firstOptional === -1 ? fields.length : firstOptional;
  const literal = values
    .slice(0, literalFields)
    .map((value, at) => `${JSON.stringify(names[at])}: ${value}`)
    .join(", ");
  if (firstOptional === -1) return [`out[i] = { ${literal} };`];
  const added = fields.slice(literalFields).map(({ isOptional }, index) => {
    const at = literalFields + index;
    const add = `o[${JSON.stringify(names[at])}] = ${values[at] ?? ""};`;
    return isOptional ? `if (c${at}[i] !== ABSENT) ${add}` : add;
  });
  return [`const o = { ${literal} };`, ...added, `out[i] = o;`];
}
