import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isQualifiedName } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type {
  TopologySelectorLabelRequirement,
  TopologySelectorTerm,
} from "../../core/v1/types.gen.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateParameters } from "../driver_name.ts";
import type { StorageClass } from "./types.gen.ts";

const schema = schemaOf("storage.k8s.io/v1", "StorageClass");
const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

/** A StorageClass says how volumes of the class are provisioned. */
export const storageClass = defineKind<StorageClass>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "StorageClass",
  plural: "storageclasses",
  shortNames: ["sc"],
  scope: "Cluster",
  schema,
  columns: [
    {
      ...nameColumn(),
      cell: (obj) =>
        isDefaultClass(obj) ? `${obj.metadata.name} (default)` : obj.metadata.name ?? "",
    },
    { name: "Provisioner", type: "string", cell: (obj) => obj.provisioner },
    { name: "ReclaimPolicy", type: "string", cell: (obj) => obj.reclaimPolicy ?? "Delete" },
    {
      name: "VolumeBindingMode",
      type: "string",
      cell: (obj) => obj.volumeBindingMode ?? "Immediate",
    },
    {
      name: "AllowVolumeExpansion",
      type: "string",
      cell: (obj) => obj.allowVolumeExpansion ?? false,
    },
    ageColumn(),
  ],
  returnsDeletedObject: true,
  strategy: {
    defaults: (obj) => {
      obj.reclaimPolicy ??= "Delete";
      obj.volumeBindingMode ??= "Immediate";
    },
    validate: validateStorageClass,
    validateUpdate: (obj, old) =>
      immutable
        .filter((name) => !semanticEqual(schema.fields.get(name)!.node, obj[name], old[name]))
        .map((name) => invalid(name, undefined, "field is immutable")),
  },
});

const immutable = ["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"] as const;

/** Whether claims that name no class get this one. */
export function isDefaultClass(obj: StorageClass): boolean {
  return defaultAnnotations.some((key) => obj.metadata.annotations?.[key] === "true");
}

function validateStorageClass(obj: StorageClass): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!obj.provisioner) errors.push(required("provisioner"));
  else {
    const name = obj.provisioner.toLowerCase();
    for (const message of isQualifiedName(name)) {
      errors.push(invalid("provisioner", name, message));
    }
  }
  errors.push(...validateParameters(obj.parameters, "parameters"));
  validateChoice(obj.reclaimPolicy, "reclaimPolicy", ["Delete", "Retain"], errors);
  const modes = ["Immediate", "WaitForFirstConsumer"];
  validateChoice(obj.volumeBindingMode, "volumeBindingMode", modes, errors);
  validateTopologies(obj.allowedTopologies ?? [], "allowedTopologies", errors);
  return errors;
}

function validateChoice(
  value: string | undefined,
  path: string,
  allowed: readonly string[],
  errors: FieldError[],
): void {
  if (!value) errors.push(required(path));
  else if (!allowed.includes(value)) errors.push(notSupported(path, value, allowed));
}

/** No two terms may say the same, in whatever order. */
function validateTopologies(
  terms: readonly TopologySelectorTerm[],
  path: string,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  terms.forEach(({ matchLabelExpressions: expressions = [] }, index) => {
    const at = `${path}[${index}].matchLabelExpressions`;
    const keys = new Set<string>();
    expressions.forEach((expression, i) => {
      validateTopologyRequirement(expression, `${at}[${i}]`, errors);
      if (keys.has(expression.key)) errors.push(duplicate(`${at}[${i}].key`, expression.key));
      keys.add(expression.key);
    });
    const meaning = JSON.stringify(
      expressions.map(({ key, values }) => [key, [...new Set(values)].sort()]).sort(),
    );
    if (seen.has(meaning)) errors.push(duplicate(at, ""));
    seen.add(meaning);
  });
}

function validateTopologyRequirement(
  requirement: TopologySelectorLabelRequirement,
  path: string,
  errors: FieldError[],
): void {
  const key = requirement.key ?? "";
  const values = requirement.values ?? [];
  if (values.length === 0) errors.push(required(`${path}.values`));
  values.forEach((value, index) => {
    if (values.indexOf(value) < index) errors.push(duplicate(`${path}.values[${index}]`, value));
  });
  for (const message of isQualifiedName(key)) {
    errors.push(invalid(`${path}.key`, key, message));
  }
}
