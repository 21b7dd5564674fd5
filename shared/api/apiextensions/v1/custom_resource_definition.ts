import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { createdAtColumn, nameColumn } from "../../table_columns.ts";
import { defaultWebhookClient } from "../../webhook_client.ts";
import { isEstablished } from "../definition_conditions.ts";
import {
  validateDefinitionCreate,
  validateDefinitionStatus,
  validateDefinitionUpdate,
} from "../definition_validation.ts";
import { definitionWarnings } from "../definition_warnings.ts";
import type { CustomResourceDefinition } from "./types.gen.ts";

/** A CustomResourceDefinition adds a kind to the API at run time. */
export const customResourceDefinition = defineKind<CustomResourceDefinition>({
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  storageVersion: "v1beta1",
  scope: "Cluster",
  schema: schemaOf("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Scope", type: "string", cell: ({ spec }) => spec.scope },
    { name: "Versions", type: "string", cell: versionsText },
    createdAtColumn(),
    { name: "Group", type: "string", priority: 1, cell: ({ spec }) => spec.group },
    { name: "Kind", type: "string", priority: 1, cell: ({ spec }) => spec.names.kind },
    {
      name: "ShortNames",
      type: "string",
      priority: 1,
      cell: ({ spec }) => (spec.names.shortNames ?? []).join(","),
    },
    { name: "Established", type: "boolean", priority: 1, cell: isEstablished },
  ],
  strategy: {
    requireResourceVersion: true,
    defaults,
    prepareForCreate: (obj) => {
      obj.status = {};
      addStoredVersion(obj);
    },
    // A version once stored stays listed until its objects have been rewritten.
    prepareForUpdate: addStoredVersion,
    generationOf: (obj) => obj.spec,
    validateCreate: validateDefinitionCreate,
    validateUpdate: validateDefinitionUpdate,
    warnings: definitionWarnings,
    status: { validateUpdate: validateDefinitionStatus },
  },
});

function defaults(obj: CustomResourceDefinition): void {
  const spec = obj.spec ??= {
    group: "",
    scope: "",
    names: { plural: "", kind: "" },
    versions: [],
  };
  const names = spec.names ??= { plural: "", kind: "" };
  if (names.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: "None" };
  defaultWebhookClient(spec.conversion.webhook?.clientConfig);
}

function addStoredVersion(obj: CustomResourceDefinition): void {
  const version = obj.spec.versions?.find(({ storage }) => storage)?.name;
  const stored = obj.status?.storedVersions ?? [];
  if (version === undefined || stored.includes(version)) return;
  obj.status = { ...obj.status, storedVersions: [...stored, version] };
}

function versionsText({ spec }: CustomResourceDefinition): string {
  return spec.versions.map(({ name, storage }) => storage ? `${name}(storage)` : name).join(",");
}
