import type { StructDefinition } from "../environment.ts";
import { functionTable, overload } from "../library/function_table.ts";
import { dynType, stringType, structType } from "../types/cel_type.ts";
import { elementsOf, objectOf } from "../values/collections.ts";
import { CelError, type CelValue, isList, isMap } from "../values/value.ts";

/** The type of an operation of a JSON patch. */
export const jsonPatchType = structType("JSONPatch");
/** The type of an object that says which fields are to be what. */
export const applyConfigurationType = structType("Object");

const texts: ReadonlySet<string> = new Set(["op", "path", "from"]);

const jsonPatch: StructDefinition = {
  field: (name) => texts.has(name) ? stringType : dynType,
  create(fields) {
    for (const [name, value] of fields) {
      if (name === "value") continue;
      if (!texts.has(name)) return new CelError(`unexpected JSONPatchType field: ${name}`);
      if (typeof value !== "string") {
        return new CelError(
          `unexpected type ${typeof value} for JSONPatchType '${name}' field`,
        );
      }
    }
    return objectOf(jsonPatchType, fields);
  },
};

function objectPart(name: string): StructDefinition {
  const type = structType(name);
  return { field: () => dynType, create: (fields) => objectOf(type, fields) };
}

/** `JSONPatch`, and `Object` with `Object.spec`, `Object.spec.template`, … for every field there may be. */
export function patchStruct(name: string): StructDefinition | undefined {
  if (name === "JSONPatch") return jsonPatch;
  return name === "Object" || name.startsWith("Object.") ? objectPart(name) : undefined;
}

/** Source: "JSONPatch" in https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/. */
export const patchFunctions = functionTable({
  "jsonpatch.escapeKey": [
    overload("string_jsonpatch_escapeKey_string", "(string) -> string", (key) => {
      return (key as string).replaceAll("~", "~0").replaceAll("/", "~1");
    }),
  ],
});

/** What is wrong with the names of the types in an `Object{…}`: each must be the path to its field. */
export function typeNameErrors(value: CelValue, path = "Object"): readonly string[] {
  if (isList(value)) return elementsOf(value).flatMap((one) => typeNameErrors(one, path));
  if (!isMap(value)) return [];
  const errors: string[] = [];
  const object = value.sort === "object";
  if (object && value.type!.name !== path) {
    const name = JSON.stringify(value.type!.name);
    errors.push(
      `unexpected type name ${name}, expected ${
        JSON.stringify(path)
      }, which matches field name path from root Object type`,
    );
  }
  for (const key of value.keys()) {
    errors.push(...typeNameErrors(value.get(key)!, object ? `${path}.${key}` : path));
  }
  return errors;
}
