import type { FieldError } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateOpaque } from "../claim_validation.ts";
import { validateSelectors } from "../device_validation.ts";
import type { DeviceClass } from "./types.gen.ts";

/** A DeviceClass is a kind of device that a ResourceClaim may ask for. */
export const deviceClass = defineKind<DeviceClass>({
  group: "resource.k8s.io",
  version: "v1",
  usesExpressions: true,
  kind: "DeviceClass",
  plural: "deviceclasses",
  scope: "Cluster",
  schema: schemaOf("resource.k8s.io/v1", "DeviceClass"),
  columns: [nameColumn(), ageColumn()],
  returnsDeletedObject: true,
  strategy: {
    generationOf: (obj) => obj.spec,
    validate: validateDeviceClass,
  },
});

function validateDeviceClass({ spec }: DeviceClass): readonly FieldError[] {
  const errors = [...validateSelectors(spec?.selectors, "spec.selectors")];
  spec?.config?.forEach(({ opaque }, index) => {
    errors.push(...validateOpaque(opaque, `spec.config[${index}].opaque`));
  });
  return errors;
}
