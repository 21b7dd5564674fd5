/**
 * An image name in full: registry, path and tag or digest. `busybox` is `docker.io/library/busybox:latest`, as the
 * distribution reference grammar's familiar names resolve.
 */
export function normalizeImage(name: string): string {
  const [path, digest] = splitOnce(name, "@");
  const slash = path.indexOf("/");
  const first = slash < 0 ? "" : path.slice(0, slash);
  const hasRegistry = first === "localhost" || first.includes(".") || first.includes(":");
  const full = hasRegistry ? path : `docker.io/${slash < 0 ? "library/" : ""}${path}`;
  if (digest !== undefined) return `${withoutTag(full)}@${digest}`;
  return hasTag(full) ? full : `${full}:latest`;
}

/**
 * Names to look an image up by, best first. A name without a registry may also be one that was built or imported
 * on the node, which the store files under `localhost/`. An image ID is looked up as it is.
 */
export function imageCandidates(name: string): string[] {
  if (/^sha256:[0-9a-f]{64}$/.test(name)) return [name];
  const full = normalizeImage(name);
  if (full === name || !full.startsWith("docker.io/") || name.startsWith("docker.io/")) {
    return [full];
  }
  return [full, normalizeImage(`localhost/${name}`)];
}

/** Images that exist only on nodes: there is no registry to pull them from. */
export function isLocalImage(name: string): boolean {
  return name.startsWith("localhost/");
}

function hasTag(path: string): boolean {
  return path.lastIndexOf(":") > path.lastIndexOf("/");
}

function withoutTag(path: string): string {
  return hasTag(path) ? path.slice(0, path.lastIndexOf(":")) : path;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
