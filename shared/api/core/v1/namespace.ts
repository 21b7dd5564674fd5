import { nameIsDns1123Label } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateNamespace, validateNamespaceStatus } from "./namespace_validation.ts";
import type { Namespace } from "./types.gen.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";

/** What scopes the names of most kinds. */
export const namespace = defineKind<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  shortNames: ["ns"],
  scope: "Cluster",
  schema: schemaOf("v1", "Namespace"),
  verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Status", type: "string", cell: (obj) => obj.status?.phase ?? "" },
    ageColumn(),
  ],
  selectableFields: { "status.phase": (obj) => obj.status?.phase ?? "" },
  strategy: {
    defaults(obj) {
      obj.status ??= {};
      obj.status.phase ||= "Active";
      labelName(obj);
    },
    // A generated name was not there yet when the defaults were set.
    canonicalize: labelName,
    prepareForCreate(obj) {
      obj.status = { phase: "Active" };
      obj.spec ??= {};
      const finalizers = obj.spec.finalizers ?? [];
      if (!finalizers.includes("kubernetes")) obj.spec.finalizers = [...finalizers, "kubernetes"];
    },
    // Finalizers go through the finalize endpoint only.
    prepareForUpdate(obj, old) {
      obj.spec ??= {};
      if (old.spec?.finalizers) obj.spec.finalizers = [...old.spec.finalizers];
      else delete obj.spec.finalizers;
    },
    validateName: nameIsDns1123Label,
    validate: validateNamespace,
    status: { validateUpdate: validateNamespaceStatus },
  },
});

function labelName({ metadata }: Namespace): void {
  if (metadata.name) (metadata.labels ??= {})[NAME_LABEL] = metadata.name;
}
