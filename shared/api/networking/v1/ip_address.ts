import { canonicalIp, isIp } from "../../../meta/addresses.ts";
import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Subdomain, isPathSegmentName } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { nameColumn } from "../../table_columns.ts";
import type { IPAddress, ParentReference } from "./types.gen.ts";

const schema = schemaOf("networking.k8s.io/v1", "IPAddress");

/** An IPAddress records that an address of the service network is taken, and by what. */
export const ipAddress = defineKind<IPAddress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  scope: "Cluster",
  schema,
  columns: [
    nameColumn(),
    { name: "ParentRef", type: "string", cell: (obj) => parentOf(obj.spec?.parentRef) },
  ],
  strategy: {
    validateName: validateAddressName,
    validate: (obj) => validateParent(obj.spec?.parentRef, "spec.parentRef"),
    validateUpdate: (obj, old) =>
      semanticEqual(schema.fields.get("spec")!.node, obj.spec, old.spec)
        ? []
        : [invalid("spec.parentRef", obj.spec?.parentRef, "field is immutable")],
  },
});

function parentOf(parent: ParentReference | undefined): string {
  if (!parent) return "<none>";
  const { group, resource, namespace, name } = parent;
  const type = (group ? `${resource}.${group}` : resource).toLowerCase();
  return namespace ? `${type}/${namespace}/${name}` : `${type}/${name}`;
}

/** The name is the address, in the one form that has no second spelling. */
function validateAddressName(name: string): readonly string[] {
  const messages = isIp(name);
  if (messages.length > 0 || canonicalIp(name) === name) return messages;
  return ["must be a canonical format IP address"];
}

function validateParent(parent: ParentReference | undefined, path: string): readonly FieldError[] {
  if (!parent) return [required(path)];
  const errors: FieldError[] = [];
  const check = (field: keyof ParentReference, rule: (text: string) => readonly string[]) => {
    const value = parent[field];
    for (const message of value ? rule(value) : []) {
      errors.push(invalid(`${path}.${field}`, value, message));
    }
  };
  check("group", isDns1123Subdomain);
  if (!parent.resource) errors.push(required(`${path}.resource`));
  check("resource", isPathSegmentName);
  if (!parent.name) errors.push(required(`${path}.name`));
  check("name", isPathSegmentName);
  check("namespace", isPathSegmentName);
  return errors;
}
