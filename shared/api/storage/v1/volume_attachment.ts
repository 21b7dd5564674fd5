import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateDriverName } from "../driver_name.ts";
import type { VolumeAttachment, VolumeAttachmentSource } from "./types.gen.ts";

const schema = schemaOf("storage.k8s.io/v1", "VolumeAttachment");

/** A VolumeAttachment asks for a volume to be attached to a node, and reports whether it is. */
export const volumeAttachment = defineKind<VolumeAttachment>({
  group: "storage.k8s.io",
  version: "v1",
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  scope: "Cluster",
  schema,
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Attacher", type: "string", format: "name", cell: (obj) => obj.spec.attacher },
    { name: "PV", type: "string", cell: (obj) => obj.spec.source?.persistentVolumeName ?? "" },
    { name: "Node", type: "string", cell: (obj) => obj.spec.nodeName },
    { name: "Attached", type: "boolean", cell: (obj) => obj.status?.attached ?? false },
    ageColumn(),
  ],
  returnsDeletedObject: true,
  strategy: {
    requireResourceVersion: true,
    prepareForCreate: (obj) => {
      obj.status = { attached: false };
    },
    validate: validateVolumeAttachment,
    validateUpdate: (obj, old) =>
      semanticEqual(schema.fields.get("spec")!.node, obj.spec, old.spec)
        ? []
        : [invalid("spec", undefined, "field is immutable")],
  },
});

function validateVolumeAttachment({ spec }: VolumeAttachment): readonly FieldError[] {
  const errors = [...validateDriverName(spec?.attacher, "spec.attacher")];
  validateSource(spec?.source ?? {}, "spec.source", errors);
  const nodeName = spec?.nodeName ?? "";
  for (const message of isDns1123Subdomain(nodeName)) {
    errors.push(invalid("spec.nodeName", nodeName, message));
  }
  return errors;
}

function validateSource(source: VolumeAttachmentSource, path: string, errors: FieldError[]): void {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source;
  const detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (name === undefined) {
    if (inline === undefined) errors.push(required(path, detail));
  } else if (inline !== undefined) errors.push(forbidden(path, detail));
  else if (name === "") {
    errors.push(
      required(`${path}.persistentVolumeName`, "must specify non empty persistentVolumeName"),
    );
  } else {
    for (const message of isDns1123Subdomain(name)) {
      errors.push(invalid(`${path}.persistentVolumeName`, name, message));
    }
  }
}
