import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { nonNegative } from "../../validation.ts";
import type { ControllerRevision } from "./types.gen.ts";

/** A state that a controller can go back to. */
export const controllerRevision = defineKind<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
  scope: "Namespaced",
  schema: schemaOf("apps/v1", "ControllerRevision"),
  columns: [
    nameColumn(),
    { name: "Controller", type: "string", cell: controllerOf },
    { name: "Revision", type: "string", cell: (obj) => obj.revision },
    ageColumn(),
  ],
  strategy: {
    validate: validateControllerRevision,
    validateUpdate: (obj, old) =>
      JSON.stringify(obj.data) === JSON.stringify(old.data)
        ? []
        : [invalid("data", obj.data, "field is immutable")],
  },
});

function controllerOf({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller);
  if (!owner) return "<none>";
  const { apiVersion, kind, name } = owner;
  const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [""];
  const resource = kind.toLowerCase() + (group ? `.${group}` : "");
  return `${resource}/${name}`;
}

function validateControllerRevision(obj: ControllerRevision): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (obj.data === undefined || obj.data === null) {
    errors.push(required("data", "data is mandatory"));
  } else if (typeof obj.data !== "object" || Array.isArray(obj.data)) {
    errors.push(required("data", "data must be a valid JSON object"));
  }
  errors.push(...nonNegative(obj.revision, "revision"));
  return errors;
}
