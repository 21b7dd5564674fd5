import type { Scale } from "../../../shared/api/autoscaling/v1/types.gen.ts";
import {
  apiVersionOf,
  defineKind,
  type KindDefinition,
  type KubeObject,
  type ScaleMapping,
} from "../../../shared/api/kind.ts";
import { invalid } from "../../../shared/meta/field_error.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import type { LabelSelector, ManagedFieldsEntry } from "../../../shared/meta/types.gen.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import {
  parentEntries,
  scaleEntries,
  type ScaleOwnership,
} from "../../registry/apply/scale_managed_fields.ts";
import { conflictError, invalidError } from "../../registry/errors.ts";

/** The kind that `…/scale` speaks; never stored. */
export const scaleKind = defineKind<Scale>({
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  plural: "scales",
  scope: "Namespaced",
  schema: schemaOf("autoscaling/v1", "Scale"),
  columns: [
    { name: "Name", type: "string", cell: (scale) => scale.metadata.name },
    { name: "Desired", type: "integer", cell: (scale) => scale.spec?.replicas ?? 0 },
    { name: "Available", type: "integer", cell: (scale) => scale.status?.replicas ?? 0 },
    { name: "Age", type: "string", cell: () => "<unknown>" },
  ],
  strategy: {},
});

type Values = Record<string, unknown>;

/** How a kind is scaled. */
export interface Scaled {
  readonly kind: KindDefinition;
  readonly mapping: ScaleMapping;
}

/** Carries a written Scale over to the object that it scales, which is changed in place. Throws Conflict and Invalid. */
export function setReplicas(
  object: KubeObject,
  scale: Scale,
  { kind, mapping }: Scaled,
): KubeObject {
  const { metadata } = scale;
  const name = object.metadata.name!;
  if (metadata.uid && metadata.uid !== object.metadata.uid) {
    throw conflictError(
      kind,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${object.metadata.uid}`,
    );
  }
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    throw invalidError(scaleKind, name, [
      invalid("spec.replicas", replicas, "must be greater than or equal to 0"),
    ]);
  }
  setPath(object as unknown as Values, mapping.specReplicas.split("."), replicas);
  setOwners(
    object,
    parentEntries(object.metadata.managedFields, metadata.managedFields, ownership(kind, mapping)),
  );
  // The store compares it with the stored one, as for any other write.
  if (metadata.resourceVersion) object.metadata.resourceVersion = metadata.resourceVersion;
  else delete object.metadata.resourceVersion;
  return object;
}

/** The Scale that a write starts from: with the owners of the replicas among its fields. */
export function scaleWithOwners(object: KubeObject, { kind, mapping }: Scaled): Scale {
  const scale = scaleOf(object, mapping);
  setOwners(scale, scaleEntries(object.metadata.managedFields, ownership(kind, mapping)));
  return scale;
}

function ownership(kind: KindDefinition, { specReplicas }: ScaleMapping): ScaleOwnership {
  const apiVersion = apiVersionOf(kind);
  const path = specReplicas.split(".").map((name) => `f:${name}`);
  return { apiVersion, replicasAt: (version) => version === apiVersion ? path : null };
}

function setOwners(
  { metadata }: Pick<KubeObject, "metadata">,
  entries: ManagedFieldsEntry[] | undefined,
): void {
  if (entries) metadata.managedFields = entries;
  else delete metadata.managedFields;
}

/** The Scale that stands for `object`. */
export function scaleOf(object: KubeObject, mapping: ScaleMapping): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = getPath(object, mapping.specReplicas) as number | undefined;
  const selector = selectorText(getPath(object, mapping.selector));
  return {
    kind: "Scale",
    apiVersion: apiVersionOf(scaleKind),
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: (getPath(object, mapping.statusReplicas) as number | undefined) ?? 0,
      ...(selector && { selector }),
    },
  };
}

/** A map of labels, a LabelSelector or a ready text, as a query string. */
function selectorText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  const isSelector = "matchLabels" in value || "matchExpressions" in value;
  const selector = isSelector
    ? value as LabelSelector
    : { matchLabels: value as Record<string, string> };
  return fromLabelSelector(selector).toString();
}

function getPath(object: unknown, path: string): unknown {
  let value = object;
  for (const part of path.split(".")) value = (value as Values | undefined)?.[part];
  return value;
}

function setPath(object: Values, [first, ...rest]: readonly string[], value: unknown): void {
  if (first === undefined) return;
  if (rest.length === 0) object[first] = value;
  else setPath((object[first] ??= {}) as Values, rest, value);
}
