import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Label } from "../../../meta/names.ts";
import { validateLabels } from "../../../meta/validate_labels.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defaultResourceList } from "../../core/v1/resource_list.ts";
import { validateResources } from "../../core/v1/resource_validation.ts";
import { validateTolerations } from "../../core/v1/scheduling_validation.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type { RuntimeClass } from "./types.gen.ts";

/** A RuntimeClass names a container runtime handler that pods may ask for. */
export const runtimeClass = defineKind<RuntimeClass>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  scope: "Cluster",
  schema: schemaOf("node.k8s.io/v1", "RuntimeClass"),
  columns: [
    nameColumn(),
    { name: "Handler", type: "string", cell: (obj) => obj.handler },
    ageColumn(),
  ],
  strategy: {
    requireResourceVersion: true,
    allowCreateOnUpdate: true,
    defaults: (obj) => defaultResourceList(obj.overhead?.podFixed),
    validate: validateRuntimeClass,
    validateUpdate: (obj, old) =>
      obj.handler === old.handler ? [] : [invalid("handler", undefined, "field is immutable")],
  },
});

function validateRuntimeClass(obj: RuntimeClass): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { handler, overhead, scheduling } = obj;
  if (!handler) errors.push(required("handler"));
  else {
    for (const message of isDns1123Label(handler)) {
      errors.push(invalid("handler", handler, message));
    }
  }
  if (overhead) {
    // The reference reports the overhead as the limits that it becomes.
    errors.push(...validateResources({ limits: overhead.podFixed }, new Set(), "overhead"));
  }
  if (scheduling) {
    errors.push(
      ...validateLabels(scheduling.nodeSelector, "scheduling.nodeSelector"),
      ...validateTolerations(scheduling.tolerations, "scheduling.tolerations"),
    );
  }
  return errors;
}
