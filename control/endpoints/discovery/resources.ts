import { createHash } from "node:crypto";
import { apiVersionOf, type KindDefinition, type Verb } from "../../../shared/api/kind.ts";
import type { Served, Subresource } from "../resource_request.ts";
import { isBuiltIn } from "../respond.ts";

const allVerbs: readonly Verb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

/** One row of an `APIResourceList`. */
export interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
}

/** The rows of one group and version, sorted by name, subresources among them. */
export function apiResourcesOf(resources: Iterable<Served>): ApiResource[] {
  const rows: ApiResource[] = [];
  for (const resource of resources) {
    rows.push(rowOf(resource));
    for (const subresource of resource.subresources.values()) {
      rows.push(subresourceRow(resource.kind, subresource));
    }
  }
  return rows.sort((a, b) => a.name < b.name ? -1 : 1);
}

function rowOf({ kind, store }: Served): ApiResource {
  return {
    name: kind.plural,
    singularName: singularOf(kind),
    namespaced: kind.scope === "Namespaced",
    kind: kind.kind,
    verbs: kind.advertisedVerbs ?? kind.verbs ?? allVerbs,
    ...(kind.shortNames && { shortNames: kind.shortNames }),
    ...(kind.categories && { categories: kind.categories }),
    ...(store && { storageVersionHash: storageVersionHash(kind) }),
  };
}

function subresourceRow(kind: KindDefinition, subresource: Subresource): ApiResource {
  const { responseKind: gvk } = subresource;
  const foreign = gvk.group !== kind.group || gvk.version !== kind.version;
  return {
    name: `${kind.plural}/${subresource.name}`,
    singularName: "",
    namespaced: kind.scope === "Namespaced",
    ...(foreign && gvk.group !== "" && { group: gvk.group, version: gvk.version }),
    kind: gvk.kind,
    verbs: subresource.verbs,
  };
}

export function singularOf(kind: KindDefinition): string {
  return kind.singular ?? kind.kind.toLowerCase();
}

/** Tells clients that two versions are stored alike: a hash of the group, version and kind of the stored form. */
export function storageVersionHash(kind: KindDefinition): string {
  const { group, version: own } = kind.storedAs ?? kind;
  const version = kind.storageVersion ?? own;
  const text = `${group === "" ? "" : `${group}/`}${version}/${kind.kind}`;
  return createHash("sha256").update(group === "" ? `/${text}` : text).digest().subarray(0, 8)
    .toString("base64");
}

/** The resources of one group and version in `apidiscovery.k8s.io/v2` form. */
export function discoveryOf(resources: Iterable<Served>): Record<string, unknown>[] {
  return [...resources].sort((a, b) => a.kind.plural < b.kind.plural ? -1 : 1).map(
    ({ kind, subresources }) => ({
      resource: kind.plural,
      responseKind: responseKindOf(kind, kind),
      scope: kind.scope === "Namespaced" ? "Namespaced" : "Cluster",
      singularResource: singularOf(kind),
      verbs: kind.advertisedVerbs ?? kind.verbs ?? allVerbs,
      ...(kind.shortNames && { shortNames: kind.shortNames }),
      ...(kind.categories && { categories: kind.categories }),
      ...(subresources.size > 0 && {
        subresources: [...subresources.values()].sort((a, b) => a.name < b.name ? -1 : 1).map(
          ({ name, responseKind, verbs }) => ({
            subresource: name,
            responseKind: responseKindOf(kind, responseKind),
            verbs,
          }),
        ),
      }),
    }),
  );
}

/** Left empty where it is the group and version of the list itself, but for custom kinds. */
function responseKindOf(
  kind: KindDefinition,
  gvk: { readonly group: string; readonly version: string; readonly kind: string },
) {
  const own = isBuiltIn(kind) &&
    (apiVersionOf(gvk) === apiVersionOf(kind) || gvk.group === "");
  return {
    group: own ? "" : gvk.group,
    version: own ? "" : gvk.version,
    kind: gvk.kind,
  };
}
