import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { PodCertificateRequest } from "./types.gen.ts";

/** A PodCertificateRequest asks a signer for a certificate on behalf of a pod. */
export const podCertificateRequest = defineKind<PodCertificateRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "PodCertificateRequest",
  plural: "podcertificaterequests",
  scope: "Namespaced",
  schema: schemaOf("certificates.k8s.io/v1", "PodCertificateRequest"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
