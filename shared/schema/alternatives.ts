import { DecodeError } from "./decode_error.ts";
import { isObject } from "./json_object.ts";
import type { ListNode, ScalarNode, SchemaNode, StructNode } from "./schema.ts";
import { schemaOfType } from "./schema.ts";

/** The forms that a value of the `JSONSchemaPropsOr…` types may have; they are scalars to the schema. */
export interface Forms {
  readonly object: StructNode;
  readonly list?: ListNode;
  readonly bool?: true;
}

const schemaPackage = "k8s.io.apiextensions-apiserver.pkg.apis.apiextensions.v1";
const text: ScalarNode = { type: "scalar", scalar: "string", goName: "string" };
const forms = new Map<string, Forms>();

/**
 * The node that decodes `value` of the type `goName`, e.g. `v1.JSONSchemaPropsOrArray`: a JSONSchemaProps, a list or
 * (undefined) the value as it is. Throws DecodeError for a form that the type does not have.
 */
export function alternativeNode(goName: string, value: unknown): SchemaNode | undefined {
  const found = formsOf(goName);
  if (!found) return undefined;
  if (isObject(value)) return found.object;
  if (Array.isArray(value) && found.list) return found.list;
  if (found.bool && typeof value !== "boolean") {
    throw new DecodeError("boolean or JSON schema expected");
  }
  return undefined;
}

/** Whether `goName` is one of the types with several forms. */
export function hasAlternatives(goName: string): boolean {
  return goName.startsWith("v1.JSONSchemaPropsOr");
}

/** The forms of such a type; undefined: `goName` is not one. */
export function formsOf(goName: string): Forms | undefined {
  if (!hasAlternatives(goName)) return undefined;
  let found = forms.get(goName);
  if (!found) {
    found = makeForms(goName);
    forms.set(goName, found);
  }
  return found;
}

function makeForms(goName: string): Forms {
  const object = schemaOfType(`${schemaPackage}.JSONSchemaProps`);
  const listOf = (items: SchemaNode): ListNode => ({
    type: "list",
    items,
    listType: "atomic",
    mapKeys: [],
  });
  switch (goName) {
    case "v1.JSONSchemaPropsOrArray":
      return { object, list: listOf(object) };
    case "v1.JSONSchemaPropsOrStringArray":
      return { object, list: listOf(text) };
    default:
      return { object, bool: true };
  }
}
