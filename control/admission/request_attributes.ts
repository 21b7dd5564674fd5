import type { DeleteOptions } from "../../shared/meta/types.gen.ts";
import type { WriteScope } from "../registry/store_types.ts";
import type { Attributes, OperationOptions } from "./plugin.ts";

/** What attributes say of the request, objects aside. */
export type RequestAttributes = Pick<
  Attributes,
  "user" | "options" | "signal" | "warn" | "annotate"
>;

/** The attributes that every write takes from its scope. */
export function requestAttributes(
  scope: WriteScope,
  operation: Attributes["operation"],
): RequestAttributes {
  const { user, dryRun, signal, warn, annotate } = scope;
  const kind = operation === "CREATE" ? "CreateOptions" : "UpdateOptions";
  const sent = operation === "CREATE" || operation === "UPDATE"
    ? operationOptions(kind, { ...(dryRun && { dryRun: ["All"] }), ...scope.sent })
    : undefined;
  return {
    user,
    options: { dryRun, ...(sent && { sent }) },
    signal,
    warn,
    ...(annotate && { annotate }),
  };
}

/** The same of a delete. */
export function deleteOptionsOf(
  { dryRun }: Pick<WriteScope, "dryRun">,
  options: Partial<DeleteOptions>,
): Attributes["options"] {
  const { kind: _kind, apiVersion: _apiVersion, ...given } = options as Record<string, unknown>;
  const sent = { ...given, ...(dryRun && { dryRun: ["All"] }) };
  return { dryRun, sent: operationOptions("DeleteOptions", sent) };
}

function operationOptions(
  kind: OperationOptions["kind"],
  fields: Readonly<Record<string, unknown>>,
): OperationOptions {
  return { kind, apiVersion: "meta.k8s.io/v1", ...fields };
}
