import { apiVersionOf, type KindDefinition, type KubeObject } from "../../shared/api/kind.ts";
import { applyObject } from "./apply/apply.ts";
import { type FieldSet, fieldSet } from "./apply/field_set.ts";
import { updateManagedFields } from "./apply/managed_fields.ts";
import { fieldElement } from "./apply/path_element.ts";
import type { WriteScope } from "./store_types.ts";

interface Tracking {
  readonly object: KubeObject;
  readonly old?: KubeObject;
  readonly scope: WriteScope;
  readonly now: string;
}

/** Sets `metadata.managedFields` of an object about to be written by anything but server-side apply. */
export function trackFields(view: KindDefinition, { object, old, scope, now }: Tracking): void {
  const managed = updateManagedFields({ ...writeOf(view, scope, now), object, old });
  if (managed) object.metadata.managedFields = managed;
  else delete object.metadata.managedFields;
}

/** Server-side apply: the live object with `applied` laid over it. Throws Conflict and BadRequest. */
export function applyFields(
  view: KindDefinition,
  { applied, live, force, scope, now }: {
    readonly applied: KubeObject;
    readonly live: KubeObject | undefined;
    readonly force: boolean;
    readonly scope: WriteScope;
    readonly now: string;
  },
): KubeObject {
  const write = { ...writeOf(view, scope, now), kind: view.kind, live, applied, force };
  return applyObject(write).object;
}

function writeOf(view: KindDefinition, scope: WriteScope, now: string) {
  return {
    schema: view.schema,
    apiVersion: apiVersionOf(view),
    subresource: scope.subresource,
    manager: scope.fieldManager,
    now,
    resetFields: resetFields(view, scope.subresource),
    versions: (apiVersion: string) => view.otherVersion?.(apiVersion),
  };
}

const resetSets = new WeakMap<KindDefinition, Map<string, FieldSet | undefined>>();

/** What an endpoint cannot write, and so nobody can come to own through it. */
function resetFields(view: KindDefinition, subresource: string): FieldSet | undefined {
  const known = resetSets.get(view) ?? new Map<string, FieldSet | undefined>();
  resetSets.set(view, known);
  if (!known.has(subresource)) known.set(subresource, makeResetFields(view, subresource));
  return known.get(subresource);
}

function makeResetFields(view: KindDefinition, subresource: string): FieldSet | undefined {
  if (subresource === "") {
    const own = view.strategy.resetFields ?? [];
    const names = view.subresources?.status ? [...own, "status"] : own;
    return names.length > 0 ? fieldSet(...names.map((name) => [fieldElement(name)])) : undefined;
  }
  if (subresource !== "status") return undefined;
  const named = view.strategy.status?.resetFields;
  if (named) return fieldSet(...named.map((name) => [fieldElement(name)]));
  const others = [...view.schema.fields.keys()].filter((name) =>
    name !== "metadata" && name !== "status" && name !== "kind" && name !== "apiVersion"
  );
  const metadata = (view.strategy.status?.resetMetadata ?? []).map((name) => [
    fieldElement("metadata"),
    fieldElement(name),
  ]);
  return fieldSet(...others.map((name) => [fieldElement(name)]), ...metadata);
}
