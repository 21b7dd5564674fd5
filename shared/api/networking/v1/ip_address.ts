import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { schemaOf } from "../../../schema/schema.ts";
import type { IPAddress } from "./types.gen.ts";

/** An IPAddress records that an address of the service network is taken, and by what. */
export const ipAddress = defineKind<IPAddress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  scope: "Cluster",
  schema: schemaOf("networking.k8s.io/v1", "IPAddress"),
  columns: [nameColumn(), ageColumn()],
  strategy: {},
});
