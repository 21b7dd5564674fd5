export interface RewriteOptions {
  /** `host:port` that was asked. */
  readonly target: string;
  /** The Host header of the client's request. */
  readonly requestHost: string;
  /** Path of the API server that leads to the target's root. */
  readonly prefix: string;
}

/**
 * Where a redirect of a proxied server leads through the proxy: absolute paths and addresses of the server itself get
 * the proxy's prefix; other hosts and relative paths are left alone.
 */
export function rewriteLocation(
  location: string,
  { target, requestHost, prefix }: RewriteOptions,
): string {
  const absolute = /^([a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)(.*)$/i.exec(location);
  const [host, rest] = absolute ? [absolute[2]!, absolute[3]!] : ["", location];
  if (host !== "" && host !== target && host !== requestHost) return location;
  if (!rest.startsWith("/")) return location;
  const isOurs = rest === prefix || rest.startsWith(`${prefix}/`);
  return isOurs ? rest : `${prefix}${rest}`;
}
