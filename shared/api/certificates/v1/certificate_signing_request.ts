import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { CertificateSigningRequest } from "./types.gen.ts";

/** A CertificateSigningRequest asks a signer for a certificate; it is approved or denied on the `approval` endpoint. */
export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  scope: "Cluster",
  schema: schemaOf("certificates.k8s.io/v1", "CertificateSigningRequest"),
  subresources: { status: true },
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
