import { BoundedCache } from "../../../shared/cache/bounded_cache.ts";
/**
 * One step of a path into an object, in the text form of `metav1.FieldsV1`: `f:name` (a field or map key),
 * `k:{"port":80,"protocol":"TCP"}` (an item of a list map), `v:"x"` (an item of a set), `i:0` (an index).
 * Elements made by this module are canonical: equal steps are equal strings.
 */
export type PathElement = string;

/** A key of a list-map item and its value. */
export type KeyField = readonly [name: string, value: unknown];

const fieldElements = new Map<string, PathElement>();
const maxFieldElements = 8192;

/** `f:<name>`. */
export function fieldElement(name: string): PathElement {
  const known = fieldElements.get(name);
  if (known !== undefined) return known;
  const element = `f:${name}`;
  // Bounded: field names are few, but keys of maps come from users.
  if (fieldElements.size < maxFieldElements) fieldElements.set(name, element);
  return element;
}

/** `k:{…}`; `fields` must be sorted by name. */
export function keyElement(fields: readonly KeyField[]): PathElement {
  let text = "k:{";
  for (const [name, value] of fields) {
    if (text.length > 3) text += ",";
    text += `${JSON.stringify(name)}:${goJson(value)}`;
  }
  return `${text}}`;
}

/** `v:<JSON>`. */
export function valueElement(value: unknown): PathElement {
  return `v:${goJson(value)}`;
}

/**
 * The canonical form of an element that a client wrote; undefined for kinds of elements that this version does not
 * know, which are dropped as the reference does. Throws TypeError for a malformed one.
 */
export function parseElement(text: string): PathElement | undefined {
  if (text.length < 2) throw new TypeError("key must be 2 characters long:");
  if (text[1] !== ":") throw new TypeError(`missing colon: ${text}`);
  switch (text[0]) {
    case "f":
      return fieldElement(text.slice(2));
    case "v":
      return valueElement(parseJson(text));
    case "k":
      return keyElement(keyFields(text));
    case "i":
      if (!/^[+-]?\d+$/.test(text.slice(2))) {
        throw new TypeError(
          `strconv.Atoi: parsing ${JSON.stringify(text.slice(2))}: invalid syntax`,
        );
      }
      return `i:${Number(text.slice(2))}`;
    default:
      return undefined;
  }
}

/** As messages show it: `.name`, `[port=80,protocol="TCP"]`, `[="x"]`, `[0]`. */
export function showElement(element: PathElement): string {
  switch (element[0]) {
    case "f":
      return `.${element.slice(2)}`;
    case "k":
      return `[${keyFields(element).map(([k, v]) => `${k}=${JSON.stringify(v)}`).join(",")}]`;
    case "v":
      return `[=${JSON.stringify(parseJson(element))}]`;
    default:
      return `[${element.slice(2)}]`;
  }
}

/**
 * The order of elements in FieldsV1: fields by their bytes, then list-map items by their keys, then set items by
 * value, then indexes. Numbers compare as numbers, so `k:{"port":80}` comes before `k:{"port":443}`.
 */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  const kind = a.charCodeAt(0);
  if (kind !== b.charCodeAt(0)) return kinds.indexOf(a[0]!) - kinds.indexOf(b[0]!);
  switch (kind) {
    case 0x66: // f
      return compareText(a, b);
    case 0x6b: // k
      return compareKeys(keyFields(a), keyFields(b));
    case 0x76: // v
      return compareValues(parseJson(a), parseJson(b));
    default:
      return Number(a.slice(2)) - Number(b.slice(2));
  }
}

const kinds = "fkvi";

function compareKeys(a: readonly KeyField[], b: readonly KeyField[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compareText(a[i]![0], b[i]![0]) || compareValues(a[i]![1], b[i]![1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers, strings, booleans, lists, objects, null: as the reference orders values of unlike types. */
function compareValues(a: unknown, b: unknown): number {
  const rank = valueRank(a);
  if (rank !== valueRank(b)) return rank - valueRank(b);
  if (typeof a === "number") return a - (b as number);
  if (typeof a === "string") return compareText(a, b as string);
  if (typeof a === "boolean") return Number(a) - Number(b);
  return compareText(goJson(a), goJson(b));
}

function valueRank(value: unknown): number {
  if (value === null) return 5;
  if (Array.isArray(value)) return 3;
  return ["number", "string", "boolean", "", "object"].indexOf(typeof value);
}

/** Order of the UTF-8 bytes, which differs from JavaScript's only where surrogates meet U+E000 and up. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800 && isSurrogate(x) !== isSurrogate(y)) {
      return isSurrogate(x) ? 1 : -1;
    }
    return x - y;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit <= 0xdfff;
}

/** Keys are compared far more often than there are different ones. */
const knownKeys = new BoundedCache<PathElement, readonly KeyField[]>(4096);

function keyFields(element: PathElement): readonly KeyField[] {
  const known = knownKeys.get(element);
  if (known) return known;
  const fields = parseKey(element);
  if (element.length <= 256) knownKeys.set(element, fields);
  return fields;
}

function parseKey(element: PathElement): KeyField[] {
  const value = parseJson(element);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`expect { or n, but found ${element.slice(2)}`);
  }
  return Object.entries(value).sort((a, b) => compareText(a[0], b[0]));
}

function parseJson(element: PathElement): unknown {
  try {
    return JSON.parse(element.slice(2));
  } catch (cause) {
    throw new TypeError(`unexpected text in path element ${element}`, { cause });
  }
}

/** JSON as Go's encoding/json writes it: keys sorted, and `<`, `>`, `&` and line separators escaped. */
export function goJson(value: unknown): string {
  if (typeof value === "string") return escapeHtml(JSON.stringify(value));
  if (typeof value === "number") return JSON.stringify(value);
  return escapeHtml(JSON.stringify(sortKeys(value)));
}

function escapeHtml(text: string): string {
  if (!/[<>&\u2028\u2029]/.test(text)) return text;
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const entries = Object.entries(value).sort((a, b) => compareText(a[0], b[0]));
  return Object.fromEntries(entries.map(([key, child]) => [key, sortKeys(child)]));
}
