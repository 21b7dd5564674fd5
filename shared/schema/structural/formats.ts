import { isEmailAddress, isRequestUri } from "./address_formats.ts";
import { isCidr, isIpv4, isIpv6, isMac } from "./network_formats.ts";
import type { JsonSchema } from "./json_schema.ts";
import { compilePattern } from "./pattern.ts";
import { typesOf } from "./value_type.ts";

/** Whether a text is of a format. */
export type FormatCheck = (text: string) => boolean;

const hostname = String
  .raw`^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$`;
const shortName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const longName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const octet = String.raw`\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*`;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;
const uuid = (third: string, fourth: string) =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, "i");
const matching = (pattern: RegExp): FormatCheck => (text) => pattern.test(text);

/** The formats that are held against texts, by their names without dashes (`dateTime` and `date-time` are one). */
const textFormats: Readonly<Record<string, FormatCheck>> = {
  bsonobjectid: matching(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isEmailAddress,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  cidr: isCidr,
  mac: isMac,
  uuid: matching(uuid("[0-9a-f]{4}", "[0-9a-f]{4}")),
  uuid3: matching(uuid("3[0-9a-f]{3}", "[0-9a-f]{4}")),
  uuid4: matching(uuid("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}")),
  uuid5: matching(uuid("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}")),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: matching(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matching(new RegExp(`^rgb\\(${octet},${octet},${octet}\\)$`)),
  byte: matching(
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
  ),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => bytesOf(text) <= 63 && shortName.test(text),
  k8slongname: (text) => bytesOf(text) <= 253 && longName.test(text),
};

const numericFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ["int32", "int64"],
  number: ["float", "double"],
};

/**
 * What the schema's format asks of texts; true: it is a format of numbers; undefined: there is none, or it is not known
 * for the type and means nothing.
 */
export function formatCheck(schema: JsonSchema): FormatCheck | true | undefined {
  const { format } = schema;
  if (!format) return undefined;
  const types = typesOf(schema);
  const type = types.length === 1 ? types[0]! : "";
  if (type === "" || type === "string") {
    const name = format.replaceAll("-", "");
    return Object.hasOwn(textFormats, name) ? textFormats[name] : undefined;
  }
  return numericFormats[type]?.includes(format) ? true : undefined;
}

function isHostname(text: string): boolean {
  const pattern = compilePattern(hostname);
  if (pattern.problem !== undefined || !pattern.matches(text)) return false;
  return bytesOf(text) <= 255 && text.split(".").every((label) => bytesOf(label) <= 63);
}

/** RFC 3339 `full-date`. */
function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day >= 1 && day <= (days[month - 1] ?? 0);
}

/** RFC 3339 `date-time`, with the reference's liberties. */
function isDateTime(text: string): boolean {
  const [date = "", time = ""] = text.toLowerCase().split("t");
  if (!isDate(date)) return false;
  const match = /^(\d{2}):(\d{2}):(\d{2})(.\d+)?(z|[+-]\d{2}:\d{2})$/.exec(time);
  return match !== null && match[1]! <= "23" && match[2]! <= "59" && match[3]! <= "59";
}

const goDuration = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
/** Each with the last spelling as a prefix: `seconds` is `sec…`. */
const durationUnits: readonly (readonly [exact: readonly string[], prefix: string])[] = [
  [["ns"], "nano"],
  [["us", "µs"], "micro"],
  [["ms"], "milli"],
  [["s"], "sec"],
  [["m"], "min"],
  [["h", "hr"], "hour"],
  [["d"], "day"],
  [["w", "wk"], "week"],
];

/** As Go's time.ParseDuration reads it, or as Scala writes it: `3 days`. */
function isDuration(text: string): boolean {
  if (goDuration.test(text)) return true;
  const matches = [...text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)];
  if (matches.some(([, count]) => BigInt(count!) >= 2n ** 63n)) return false;
  return matches.some(([, , unit]) => {
    const name = unit!.toLowerCase();
    return durationUnits.some(([exact, prefix]) => exact.includes(name) || name.startsWith(prefix));
  });
}

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, "");
  if (!/^(?:\d{9}X|\d{10})$/.test(digits)) return false;
  const sum = [...digits].reduce((total, digit, i) => total + (i + 1) * valueOf(digit), 0);
  return sum % 11 === 0;
}

function valueOf(digit: string): number {
  return digit === "X" ? 10 : Number(digit);
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, "");
  if (!/^\d{13}$/.test(digits)) return false;
  const sum = [...digits].reduce((total, digit, i) => total + (i % 2 === 0 ? 1 : 3) * +digit, 0);
  return sum % 10 === 0;
}

const cardNumber =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

/** By the forms of the issuers and the Luhn algorithm. */
function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, "");
  if (!cardNumber.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = i % 2 === 0 ? +digit : +digit * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
