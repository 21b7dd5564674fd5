import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { ClusterTrustBundle } from "./types.gen.ts";

/** A ClusterTrustBundle publishes certificates that workloads may trust. */
export const clusterTrustBundle = defineKind<ClusterTrustBundle>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "ClusterTrustBundle",
  plural: "clustertrustbundles",
  scope: "Cluster",
  schema: schemaOf("certificates.k8s.io/v1", "ClusterTrustBundle"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
