import type { KubeObject } from "../../../shared/api/kind.ts";
import { type SchemaNode, schemaOf } from "../../../shared/schema/schema.ts";
import { requestAttributes } from "../../admission/request_attributes.ts";
import { badRequest } from "../../registry/errors.ts";
import type { AdmissionChain } from "../../registry/store_types.ts";
import { isTrue } from "../request_info.ts";
import { type ResourceRequest, writeScope } from "../resource_request.ts";

/**
 * Lets admission judge a connection before it is made, by the options in its URL: an object of `kind`, such as
 * PodExecOptions. Throws StatusError if it is refused.
 */
export async function admitConnect(
  request: ResourceRequest,
  kind: string,
  admission: AdmissionChain,
): Promise<void> {
  const { info, resource, query } = request;
  if (query.has("dryRun")) throw badRequest("dryRun is not supported");
  const scope = writeScope(request, false);
  const attributes = {
    operation: "CONNECT" as const,
    kind: resource.kind,
    subresource: info.subresource,
    namespace: scope.namespace,
    name: info.name,
    object: connectOptions(kind, request),
    ...requestAttributes(scope, "CONNECT"),
  };
  await admission.admit(attributes);
  await admission.validate(attributes);
}

/** The options in a URL as an object of `kind`; what is false or empty is left out, as in the API's JSON. */
export function connectOptions(
  kind: string,
  { query, info }: Pick<ResourceRequest, "query" | "info">,
): KubeObject {
  const options: Record<string, unknown> = { kind, apiVersion: "v1" };
  for (const [name, { node }] of schemaOf("v1", kind).fields) {
    if (name === "kind" || name === "apiVersion") continue;
    const values = name === "path" ? pathOf(info) : query.getAll(name);
    const value = readValue(node, values);
    if (value) options[name] = value;
  }
  // These have no metadata, unlike everything else that is admitted.
  return options as unknown as KubeObject;
}

/** What follows `proxy`, with its slashes. */
function pathOf({ rest, path }: ResourceRequest["info"]): readonly string[] {
  const trailing = path.endsWith("/") && !rest.endsWith("/") ? "/" : "";
  return [(rest === "" ? "" : `/${rest}`) + trailing];
}

function readValue(node: SchemaNode, values: readonly string[]): unknown {
  if (node.type === "list") {
    return values.length > 0 && values.map((value) => readValue(node.items, [value]));
  }
  const [value = ""] = values;
  if (node.type !== "scalar") return undefined;
  if (node.scalar === "bool") return isTrue(values[0] ?? null);
  return node.scalar === "int32" || node.scalar === "int64" ? Number(value) : value;
}
