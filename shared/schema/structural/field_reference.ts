import { additionalOf, type JsonSchema, propertyOf } from "./json_schema.ts";

/** A field that a path such as `.spec.color` or `.data['a.b']` leads to. */
export interface FieldReference {
  /** As errors name it: `spec.color`, `data[a.b]`. */
  readonly path: string;
  /** The field of the object itself that it begins with. */
  readonly root: string;
  readonly schema: JsonSchema | undefined;
}

/**
 * Follows a path of fields and keys through a schema. Returns why it leads nowhere, as a text of the reference, if
 * it does.
 */
export function resolveField(
  text: string,
  schema: JsonSchema,
  { allowsKeys = true }: { readonly allowsKeys?: boolean } = {},
): FieldReference | string {
  const tokens = tokensOf(text);
  let path = "";
  let root = "";
  let at: JsonSchema | undefined = schema;
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    if (token !== "." && token !== "[") return `expected [ or . but got: ${token}`;
    if (token === "[" && !allowsKeys) return "array notation is not allowed";
    const next = tokens.shift();
    if (next === undefined) return "unexpected end of JSON path";
    let name = next;
    if (token === "[") {
      if (next.length < 2 || !next.startsWith("'") || !next.endsWith("'")) {
        return `expected single quoted string but got ${next}`;
      }
      const unescaped = unescape(next.slice(1, -1));
      if (typeof unescaped !== "string") return unescaped.problem;
      name = unescaped;
    }
    const step = follow(at, name);
    if (!step) return "does not refer to a valid field";
    path += step.named ? `${path === "" ? "" : "."}${name}` : `[${name}]`;
    root ||= name;
    at = step.schema;
    if (token === "." || tokens[0] === "]") {
      if (token === "[") tokens.shift();
      continue;
    }
    return tokens.length === 0 ? "unexpected end of JSON path" : `expected ] but got ${tokens[0]}`;
  }
  return { path, root, schema: at };
}

/** The named fields of a schema; one without any names its keys. */
function follow(
  schema: JsonSchema | undefined,
  name: string,
): { readonly named: boolean; readonly schema: JsonSchema | undefined } | undefined {
  if (!schema) return undefined;
  if (Object.keys(schema.properties ?? {}).length > 0) {
    const property = propertyOf(schema, name);
    return property && { named: true, schema: property };
  }
  if (schema.additionalProperties === undefined) return undefined;
  return { named: false, schema: additionalOf(schema) };
}

/** Dots, brackets and what is between them; a text in single quotes is one. */
function tokensOf(text: string): string[] {
  return text.match(/'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]]+/gs) ?? [];
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "'": "'",
  "\\": "\\",
};

function unescape(text: string): string | { readonly problem: string } {
  let problem: string | undefined;
  const out = text.replace(/\\(.)/gs, (escape, char: string) => {
    const value = escapes[char];
    if (value === undefined) problem = `invalid string literal: invalid escape char ${escape}`;
    return value ?? "";
  });
  return problem === undefined ? out : { problem };
}
