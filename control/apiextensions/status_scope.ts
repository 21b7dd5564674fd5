import type { WriteScope } from "../registry/store_types.ts";

/** The server itself writes the status of definitions. */
export const statusScope: WriteScope = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  namespace: "",
  subresource: "status",
  dryRun: false,
  fieldManager: "kube-apiserver",
  warn() {},
};
