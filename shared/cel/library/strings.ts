import { elementsOf, listOf } from "../values/collections.ts";
import { countWork } from "../values/work.ts";
import { CelError, type CelValue, type ListValue, noSuchOverload } from "../values/value.ts";
import { formatText } from "./string_format.ts";
import { type Overload, overload } from "./function_table.ts";

/** The longest text that a function makes, in UTF-16 units; longer ones end the evaluation. */
const MAX_TEXT_LENGTH = 32 * 1024 * 1024;

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`);
}

function charAt(text: string, index: bigint): CelValue {
  const characters = [...text];
  if (index < 0n || index > characters.length) return outOfRange(index);
  return characters[Number(index)] ?? "";
}

/** Where `part` is in `text`, counted in characters and looked for from `from` on. */
function indexOf(text: string, part: string, from = 0n): CelValue {
  if (from < 0n) return outOfRange(from);
  const characters = [...text];
  if (part === "") return from > characters.length ? BigInt(characters.length) : from;
  if (from >= characters.length) return -1n;
  const start = characters.slice(0, Number(from)).join("").length;
  const found = text.indexOf(part, start);
  return found < 0 ? -1n : BigInt([...text.slice(0, found)].length);
}

function lastIndexOf(text: string, part: string, from?: bigint): CelValue {
  const characters = [...text];
  if (part === "") {
    if (from === undefined) return BigInt(characters.length);
    if (from < 0n) return outOfRange(from);
    return from > characters.length ? BigInt(characters.length) : from;
  }
  if (from === undefined) {
    if (text.length < part.length) return -1n;
  } else if (from < 0n) return outOfRange(from);
  const last = from ?? BigInt(characters.length - 1);
  if (last >= characters.length) return -1n;
  const start = characters.slice(0, Number(last)).join("").length;
  const found = text.lastIndexOf(part, start);
  return found < 0 ? -1n : BigInt([...text.slice(0, found)].length);
}

/** Replaces the first `limit` parts, all if it is negative. An empty part is around every character. */
function replace(text: string, part: string, by: string, limit = -1n): CelValue {
  const most = limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  const pieces = part === "" ? ["", ...text, ""] : text.split(part);
  const gaps = Math.min(pieces.length - 1, most);
  checkLength(text.length + gaps * by.length);
  const replaced = pieces.slice(0, gaps + 1).join(by);
  const rest = pieces.slice(gaps + 1);
  return rest.length === 0 ? replaced : `${replaced}${part}${rest.join(part)}`;
}

function split(text: string, separator: string, limit = -1n): CelValue {
  if (limit === 0n) return listOf([]);
  const pieces = separator === "" ? [...text] : text.split(separator);
  if (limit < 0n || pieces.length <= limit) return listOf(pieces);
  const count = Number(limit);
  return listOf([...pieces.slice(0, count - 1), pieces.slice(count - 1).join(separator)]);
}

function substring(text: string, start: bigint, end?: bigint): CelValue {
  const characters = [...text];
  if (end !== undefined && start > end) {
    return new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  for (const index of end === undefined ? [start] : [start, end]) {
    if (index < 0n || index > characters.length) return outOfRange(index);
  }
  return characters.slice(Number(start), end === undefined ? undefined : Number(end)).join("");
}

function join(list: ListValue, separator = ""): CelValue {
  const parts: string[] = [];
  let length = 0;
  for (const element of elementsOf(list)) {
    if (typeof element !== "string") {
      return element instanceof CelError ? element : noSuchOverload();
    }
    length += element.length + separator.length;
    checkLength(length);
    parts.push(element);
  }
  return parts.join(separator);
}

function checkLength(length: number): void {
  if (length > MAX_TEXT_LENGTH) countWork(Number.POSITIVE_INFINITY);
}

const escapes: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

/** A text as a literal of the language. */
export function quoteText(text: string): string {
  const safe = text.toWellFormed();
  return `"${[...safe].map((character) => escapes[character] ?? character).join("")}"`;
}

function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upper(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

/** Go's idea of white space, which JavaScript's differs from in two characters. */
const spaces =
  "[\\t\\n\\v\\f\\r \\u0085\\u00A0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const leading = new RegExp(`^${spaces}`);
const trailing = new RegExp(`${spaces}$`);

function trim(text: string): string {
  const rest = text.replace(leading, "");
  // A pattern that is tied to the end would look at every run of spaces again and again.
  let end = rest.length;
  while (end > 0 && trailing.test(rest[end - 1]!)) end--;
  return rest.slice(0, end);
}

/** Source: https://pkg.go.dev/github.com/google/cel-go/ext#Strings, version 2. */
export const stringFunctions: Readonly<Record<string, readonly Overload[]>> = {
  charAt: [
    overload("string_char_at_int", "string.(int) -> string", (text, index) => {
      return charAt(text as string, index as bigint);
    }),
  ],
  indexOf: [
    overload("string_index_of_string", "string.(string) -> int", (text, part) => {
      return indexOf(text as string, part as string);
    }),
    overload("string_index_of_string_int", "string.(string, int) -> int", (text, part, from) => {
      return indexOf(text as string, part as string, from as bigint);
    }),
  ],
  lastIndexOf: [
    overload("string_last_index_of_string", "string.(string) -> int", (text, part) => {
      return lastIndexOf(text as string, part as string);
    }),
    overload(
      "string_last_index_of_string_int",
      "string.(string, int) -> int",
      (text, part, from) => {
        return lastIndexOf(text as string, part as string, from as bigint);
      },
    ),
  ],
  lowerAscii: [
    overload("string_lower_ascii", "string.() -> string", (text) => lower(text as string)),
  ],
  replace: [
    overload(
      "string_replace_string_string",
      "string.(string, string) -> string",
      (text, part, by) => replace(text as string, part as string, by as string),
    ),
    overload(
      "string_replace_string_string_int",
      "string.(string, string, int) -> string",
      (text, part, by, limit) =>
        replace(text as string, part as string, by as string, limit as bigint),
    ),
  ],
  split: [
    overload("string_split_string", "string.(string) -> list(string)", (text, separator) => {
      return split(text as string, separator as string);
    }),
    overload(
      "string_split_string_int",
      "string.(string, int) -> list(string)",
      (text, by, limit) => {
        return split(text as string, by as string, limit as bigint);
      },
    ),
  ],
  substring: [
    overload("string_substring_int", "string.(int) -> string", (text, start) => {
      return substring(text as string, start as bigint);
    }),
    overload("string_substring_int_int", "string.(int, int) -> string", (text, start, end) => {
      return substring(text as string, start as bigint, end as bigint);
    }),
  ],
  trim: [overload("string_trim", "string.() -> string", (text) => trim(text as string))],
  upperAscii: [
    overload("string_upper_ascii", "string.() -> string", (text) => upper(text as string)),
  ],
  format: [
    overload("string_format", "string.(list(dyn)) -> string", (text, args) => {
      return formatText(text as string, args as ListValue);
    }),
  ],
  "strings.quote": [
    overload("strings_quote", "(string) -> string", (text) => quoteText(text as string)),
  ],
  join: [
    overload("list_join", "list(string).() -> string", (list) => join(list as ListValue)),
    overload("list_join_string", "list(string).(string) -> string", (list, separator) => {
      return join(list as ListValue, separator as string);
    }),
  ],
};
