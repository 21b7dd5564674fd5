/** Words that are no identifiers in the language, but may be names of properties. */
const reserved: ReadonlySet<string> = new Set(
  ("true false null in as break const continue else for function if import let loop package " +
    "namespace return var void while").split(" "),
);

/** Whether a text may name a variable. */
export function isIdentifier(text: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(text) && !reserved.has(text);
}

const sequences: Readonly<Record<string, string>> = {
  "__": "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
};
const characters: Readonly<Record<string, string>> = {
  underscores: "__",
  dot: ".",
  dash: "-",
  slash: "/",
};

/**
 * The name by which expressions reach a property; undefined if they cannot. Source: "Escaping" in
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(escape("x-prop"), "x__dash__prop");
 * assert.equal(escape("namespace"), "__namespace__");
 * assert.equal(escape("1st"), undefined);
 * ```
 */
export function escape(property: string): string | undefined {
  if (property === "" || /^[0-9]/.test(property)) return undefined;
  if (reserved.has(property)) return `__${property}__`;
  if (!/^[a-zA-Z0-9_.\-/]*$/.test(property)) return undefined;
  return property.replace(/__|[-./]/g, (found) => sequences[found]!);
}

/** The property that an identifier stands for; undefined if the identifier is no result of `escape`. */
export function unescape(identifier: string): string | undefined {
  let valid = true;
  const property = identifier.replace(/__[^_]+__/g, (found) => {
    const inner = found.slice(2, -2);
    const character = characters[inner];
    if (character !== undefined) return character;
    if (!reserved.has(inner) || found.length !== identifier.length) valid = false;
    return inner;
  });
  return valid ? property : undefined;
}
