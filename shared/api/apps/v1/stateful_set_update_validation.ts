import type { FieldError } from "../../../meta/field_error.ts";
import { schemaOf, type StructNode } from "../../../schema/schema.ts";
import { internalValue } from "../../internal_value.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { immutable } from "../../validation.ts";
import { showSelector } from "./selector_validation.ts";
import type { StatefulSet, StatefulSetSpec } from "./types.gen.ts";

const spec = schemaOf("apps/v1", "StatefulSet").fields.get("spec")!.node as StructNode;

/** What gives the pods of a set their identity does not change. */
export function validateStatefulSetUpdate(
  obj: StatefulSet,
  old: StatefulSet,
): readonly FieldError[] {
  const now = obj.spec ?? {} as StatefulSetSpec;
  const before = old.spec ?? {} as StatefulSetSpec;
  const shown: Readonly<Record<string, () => unknown>> = {
    selector: () => showSelector(now.selector),
    serviceName: () => now.serviceName ?? "",
    podManagementPolicy: () => now.podManagementPolicy ?? "",
    volumeClaimTemplates: () =>
      now.volumeClaimTemplates?.map((claim) =>
        internalValue("k8s.io.api.core.v1.PersistentVolumeClaim", claim)
      ) ?? null,
  };
  return Object.entries(shown).flatMap(([field, show]) => {
    const { node } = spec.fields.get(field)!;
    const key = field as keyof StatefulSetSpec;
    const isSame = semanticEqual(node, now[key], before[key]) || (!now[key] && !before[key]);
    return isSame ? [] : [...immutable(false, show(), `spec.${field}`)];
  });
}
