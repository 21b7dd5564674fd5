import { StatusError } from "./status_error.ts";

/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A parsed field selector: all requirements must hold. Immutable. */
export interface FieldMatcher {
  /** Sorted by field. Empty: everything matches. */
  readonly requirements: readonly FieldRequirement[];
  /** `valueOf` gives the value of a field of the object, "" if it is unset. */
  matches(valueOf: (field: string) => string): boolean;
  /** The value that the field must have, if the selector names one (the fast path for `metadata.name=x`). */
  exactValue(field: string): string | undefined;
  /** The canonical query string, with escapes. */
  toString(): string;
}

/**
 * Parses the `fieldSelector` of a query string, e.g. `a=b,c!=d`; in values, commas, equals signs and backslashes are
 * escaped by a backslash. Which fields a kind has is not checked here. Throws StatusError `BadRequest`.
 */
export function parseFieldSelector(text: string): FieldMatcher {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === "") continue;
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (!parts) {
      throw new StatusError(
        "BadRequest",
        `invalid selector: '${text}'; can't understand '${term}'`,
      );
    }
    const field = parts[1]!;
    const value = unescapeValue(parts[3]!);
    if (field === "" && value === "") continue;
    requirements.push({ field, operator: parts[2] === "!=" ? "!=" : "=", value });
  }
  return fieldMatcher(requirements);
}

/** A matcher from requirements. */
export function fieldMatcher(requirements: readonly FieldRequirement[]): FieldMatcher {
  return Object.freeze({
    requirements,
    matches: (valueOf: (field: string) => string) =>
      requirements.every(({ field, operator, value }) =>
        (valueOf(field) === value) === (operator === "=")
      ),
    exactValue: (field: string) =>
      requirements.find((r) => r.field === field && r.operator === "=")?.value,
    toString: () =>
      requirements.map((r) => `${r.field}${r.operator}${escapeValue(r.value)}`).join(","),
  });
}

/** Splits at commas that are not escaped. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === ",") {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  let value = "";
  for (let index = 0; index < text.length; index++) {
    const char = text[index]!;
    if (char === "," || char === "=") {
      // The reference writes the character's number.
      const shown = char.charCodeAt(0);
      throw invalidSelector(`unescaped character in value: ${shown}`);
    }
    if (char !== "\\") {
      value += char;
      continue;
    }
    const next = text[++index] ?? "";
    if (next === "" || !"\\,=".includes(next)) {
      throw invalidSelector(`invalid escape sequence: \\${next}`);
    }
    value += next;
  }
  return value;
}

function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, (char) => `\\${char}`);
}

function invalidSelector(detail: string): StatusError {
  return new StatusError("BadRequest", `invalid field selector: ${detail}`);
}
