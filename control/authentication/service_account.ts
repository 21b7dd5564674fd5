/** What service accounts' tokens are issued as and for. */
export const serviceAccountIssuer = "https://kubernetes.default.svc";

/** Names a service account. */
export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

const PREFIX = "system:serviceaccount:";

/** `system:serviceaccount:<namespace>:<name>`. */
export function serviceAccountUser({ namespace, name }: ServiceAccountName): string {
  return `${PREFIX}${namespace}:${name}`;
}

/** The groups of every service account of a namespace, without `system:authenticated`. */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** The account behind a user name; undefined if it is no service account's. */
export function parseServiceAccountUser(user: string): ServiceAccountName | undefined {
  if (!user.startsWith(PREFIX)) return undefined;
  const parts = user.slice(PREFIX.length).split(":");
  if (parts.length !== 2 || !isLabel(parts[0]!) || !isSubdomain(parts[1]!)) return undefined;
  return { namespace: parts[0]!, name: parts[1]! };
}

const NODE_PREFIX = "system:node:";

/** The node behind a user name `system:node:<name>`; undefined if it is none. */
export function parseNodeUser(user: string): string | undefined {
  if (!user.startsWith(NODE_PREFIX)) return undefined;
  const name = user.slice(NODE_PREFIX.length);
  return isSubdomain(name) ? name : undefined;
}

function isLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 &&
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text);
}
