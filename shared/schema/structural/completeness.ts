import { type FieldError, required } from "../../meta/field_error.ts";
import { itemsOf, type JsonSchema, propertyOf } from "./json_schema.ts";

/** Everything that a logical keyword speaks of must be declared in the structure around it. */
export function validateCompleteness(
  schema: JsonSchema,
  path: string,
  errors: FieldError[],
): void {
  eachNested(schema, path, (nested, nestedPath) => {
    checkNested(nested, schema, { structure: path, rule: nestedPath }, errors);
  });
}

interface Paths {
  readonly structure: string;
  readonly rule: string;
}

function eachNested(
  schema: JsonSchema,
  path: string,
  visit: (nested: JsonSchema, path: string) => void,
): void {
  const { not, allOf = [], anyOf = [], oneOf = [] } = schema;
  if (not) visit(not, `${path}.not`);
  allOf.forEach((part, i) => visit(part, `${path}.allOf[${i}]`));
  anyOf.forEach((part, i) => visit(part, `${path}.anyOf[${i}]`));
  oneOf.forEach((part, i) => visit(part, `${path}.oneOf[${i}]`));
}

function checkNested(
  nested: JsonSchema,
  structure: JsonSchema | undefined,
  paths: Paths,
  errors: FieldError[],
): void {
  if (!structure) {
    errors.push(required(paths.structure, `because it is defined in ${paths.rule}`));
    return;
  }
  eachNested(nested, paths.rule, (part, rule) => {
    checkNested(part, structure, { ...paths, rule }, errors);
  });
  const items = itemsOf(nested);
  if (items) checkNested(items, itemsOf(structure), within(paths, "items"), errors);
  for (const [key, property] of Object.entries(nested.properties ?? {})) {
    const at = within(paths, `properties[${key}]`);
    checkNested(property, propertyOf(structure, key), at, errors);
  }
}

function within({ structure, rule }: Paths, part: string): Paths {
  return { structure: `${structure}.${part}`, rule: `${rule}.${part}` };
}
