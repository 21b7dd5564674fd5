import { StatusError } from "../../shared/meta/status_error.ts";
import type { Decision, RequestInfo, UserInfo } from "../server/request_context.ts";

/**
 * What a refused client reads, e.g. `User "x" cannot list resource "pods" in API group "" in the namespace "y"`,
 * with the authorizers' reason after it if there is one.
 */
export function forbiddenMessage(user: UserInfo, info: RequestInfo, reason = ""): string {
  const text = `User ${JSON.stringify(user.name)} cannot ${info.verb} ${objectOf(info)}`;
  return reason === "" ? text : `${text}: ${reason}`;
}

/** The 403 for a request that no authorizer allowed. */
export function forbiddenError(user: UserInfo, info: RequestInfo, decision: Decision): StatusError {
  const message = forbiddenMessage(user, info, decision.reason);
  if (!info.isResource) {
    return new StatusError("Forbidden", `forbidden: ${message}`, { details: {} });
  }
  return forbidden({ group: info.group, plural: info.resource }, info.name, message);
}

/** `<plural>.<group> "<name>" is forbidden: <why>`, with the details that go with it. */
export function forbidden(
  resource: { readonly group: string; readonly plural: string },
  name: string,
  why: string,
): StatusError {
  const { group, plural } = resource;
  const what = group === "" ? plural : `${plural}.${group}`;
  const named = name === "" ? what : `${what} ${JSON.stringify(name)}`;
  return new StatusError("Forbidden", `${named} is forbidden: ${why}`, {
    details: { ...(name && { name }), ...(group && { group }), kind: plural },
  });
}

function objectOf(info: RequestInfo): string {
  if (!info.isResource) return `path ${JSON.stringify(info.path)}`;
  const { group, resource, subresource, namespace } = info;
  const what = subresource === "" ? resource : `${resource}/${subresource}`;
  const where = namespace === ""
    ? "at the cluster scope"
    : `in the namespace ${JSON.stringify(namespace)}`;
  return `resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
