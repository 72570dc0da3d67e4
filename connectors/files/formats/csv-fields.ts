/** One CSV record as text: cut into fields, and made of fields. Quotes as in RFC 4180: they matter only where a field begins. */
import { strictJson } from "./strict-json.ts";

/** The fields of a record that contains a quote somewhere; undefined if text follows a closing quote. */
export function splitQuoted(record: string, delimiter: string): string[] | undefined {
  const fields: string[] = [];
  for (let from = 0; ;) {
    if (record[from] !== '"') {
      const end = record.indexOf(delimiter, from);
      if (end === -1) return [...fields, record.slice(from)];
      fields.push(record.slice(from, end));
      from = end + 1;
      continue;
    }
    const close = closingQuote(record, from + 1);
    fields.push(record.slice(from + 1, close).replaceAll('""', '"'));
    if (close + 1 === record.length) return fields;
    if (record[close + 1] !== delimiter) return undefined;
    from = close + 2;
  }
}

function closingQuote(record: string, from: number): number {
  let close = record.indexOf('"', from);
  while (record[close + 1] === '"') close = record.indexOf('"', close + 2);
  return close;
}

/** A record with its line break. */
export function joinFields(fields: readonly string[], delimiter: string): string {
  // An empty line would be passed over on reading.
  if (fields.length === 1 && fields[0] === "") return '""\n';
  return `${fields.map((field) => quoted(field, delimiter)).join(delimiter)}\n`;
}

function quoted(field: string, delimiter: string): string {
  return /["\r\n\uFEFF]/.test(field) || field.includes(delimiter) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Nothing is an empty field, an object its JSON. */
export function fieldText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return "";
    default:
      if (value === null) return "";
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : strictJson(value);
  }
}
