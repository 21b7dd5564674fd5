import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type { ServiceAccount } from "./types.gen.ts";

const ENFORCE_MOUNTABLE_SECRETS = "kubernetes.io/enforce-mountable-secrets";

/** The identity of pods. */
export const serviceAccount = defineKind<ServiceAccount>({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  shortNames: ["sa"],
  scope: "Namespaced",
  returnsDeletedObject: true,
  schema: schemaOf("v1", "ServiceAccount"),
  columns: [nameColumn(), ageColumn()],
  strategy: {
    requireResourceVersion: true,
    warnings: (obj) =>
      obj.metadata.annotations?.[ENFORCE_MOUNTABLE_SECRETS] === undefined ? [] : [
        `metadata.annotations[${ENFORCE_MOUNTABLE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
      ],
  },
});
