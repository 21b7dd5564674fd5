import type { KubeObject } from "../api/kind.ts";

/** Names a resource and carries the type of its objects. Values: `resources` in `resources.gen.ts`. */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** For inference only; never set. */
  readonly "~type"?: T;
}

/** Declares a resource. */
export function defineResource<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced: boolean,
): Resource<T> {
  return { group, version, kind, plural, namespaced };
}

/** `/apis/apps/v1/namespaces/shop/deployments`: the path of a collection, or of one object and its subresource. */
export function pathOf(
  resource: Resource,
  ref: { readonly namespace?: string | undefined; readonly name?: string | undefined },
  subresource?: string,
): string {
  const parts = [resource.group === "" ? "/api" : `/apis/${resource.group}`, resource.version];
  if (resource.namespaced && ref.namespace !== undefined) {
    parts.push("namespaces", encodeURIComponent(ref.namespace));
  }
  parts.push(resource.plural);
  if (ref.name !== undefined) parts.push(encodeURIComponent(ref.name));
  if (subresource !== undefined) parts.push(subresource);
  return parts.join("/");
}
