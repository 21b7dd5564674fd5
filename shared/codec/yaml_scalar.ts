/** The words of YAML 1.1 that go-yaml reads as something else than a string. */
const words = new Map<string, boolean | null | number>([
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"]
    .map((word) => [word, true] as const),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"]
    .map((word) => [word, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, Infinity] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, -Infinity] as const),
]);
const integer =
  /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]([0-7]+)|0[bB]([01]+)|0([0-7]+)|(0|[1-9][0-9]*))$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Written in quotes, although go-yaml reads it as a string again. */
const timestamp = /^\d{4}-\d\d?-\d\d?(?:[Tt ]|$)/;

/** What go-yaml makes of a plain (unquoted) scalar. */
export function resolvePlain(text: string): string | number | boolean | null {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll("_", "");
  const match = integer.exec(plain);
  if (match) return integerOf(match);
  return float.test(plain) ? Number(plain) : text;
}

/** Whether a string needs quotes to stay one. */
export function looksLikeOtherType(text: string): boolean {
  return typeof resolvePlain(text) !== "string" || timestamp.test(text) || text === "<<";
}

function integerOf(match: RegExpExecArray): number {
  const [, sign, hex, octal, binary, oldOctal, decimal] = match;
  const eight = octal ?? oldOctal;
  const size = hex !== undefined
    ? Number(`0x${hex}`)
    : eight !== undefined
    ? Number(`0o${eight}`)
    : binary !== undefined
    ? Number(`0b${binary}`)
    : Number(decimal);
  return sign === "-" && size !== 0 ? -size : size;
}
