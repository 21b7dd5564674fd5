import type { RequestInfo } from "./request_context.ts";

const verbs = new Set(["watch", "proxy"]);
const subresources = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/**
 * Whether a request may take as long as it likes: watches and what leads to pods, services and nodes. The limits for
 * requests (time-outs, numbers under way) are not for these. Source: the reference's BasicLongRunningRequestCheck.
 */
export function isLongRunning({ isResource, verb, subresource }: RequestInfo): boolean {
  return isResource && (verbs.has(verb) || subresources.has(subresource));
}
