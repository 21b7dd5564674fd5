import { parseJson } from "../../shared/codec/json.ts";
import type { ExchangeAnswer } from "../network/exchange.ts";
import type { RemoteApi } from "./remote_api.ts";

/** One resource, as `apidiscovery.k8s.io/v2` describes it; passed on as it came. */
export type ResourceDiscovery = Readonly<Record<string, unknown>>;

/** What a remote group and version has. */
export interface RemoteVersion {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly resources: readonly ResourceDiscovery[];
  /** Stale: the server did not answer lately. */
  readonly freshness: "Current" | "Stale";
}

/** The resources of one server, by `group/version`. */
type Found = ReadonlyMap<string, readonly ResourceDiscovery[]>;

const timeoutMs = 5_000;
const aggregated =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
const aggregatedType = /;as=APIGroupDiscoveryList\b/;

/**
 * Asks a server for all its groups at once (KEP-3352) or, if it knows no such document, for the one of `api`. Rejects
 * if neither can be had.
 */
export async function askDiscovery(api: RemoteApi): Promise<Found> {
  const all = await api.ask({ path: "/apis", accept: aggregated, timeoutMs });
  if (all.code === 503) {
    throw new Error(`service ${api.server} returned non-success response code: 503`);
  }
  if (all.code === 200 && aggregatedType.test(all.headers["content-type"] ?? "")) {
    return allGroups(jsonOf(all) as GroupDiscoveryList);
  }
  const { path } = api;
  const one = await api.ask({ path, accept: "application/json", timeoutMs });
  if (one.code !== 200) throw new Error(`failed to download legacy discovery for ${path}`);
  const { resources } = jsonOf(one) as { readonly resources?: readonly LegacyResource[] };
  return new Map([[`${api.group}/${api.version}`, fromLegacy(resources ?? [])]]);
}

function jsonOf({ body }: ExchangeAnswer): unknown {
  return parseJson(body).value;
}

interface GroupDiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly ResourceDiscovery[];
    }[];
  }[];
}

function allGroups({ items = [] }: GroupDiscoveryList): Found {
  return new Map(
    items.flatMap(({ metadata, versions = [] }) =>
      versions.map(({ version, resources = [] }) =>
        [`${metadata?.name ?? ""}/${version}`, resources.map(withResponseKinds)] as const
      )
    ),
  );
}

/** Old clients fail where there is none. */
function withResponseKinds(resource: ResourceDiscovery): ResourceDiscovery {
  const parts = resource.subresources as readonly ResourceDiscovery[] | undefined;
  return {
    ...resource,
    responseKind: resource.responseKind ?? emptyKind,
    ...(parts && { subresources: parts.map((part) => ({ responseKind: emptyKind, ...part })) }),
  };
}

const emptyKind = { group: "", version: "", kind: "" };

/** A row of an `APIResourceList`. */
interface LegacyResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced?: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly verbs?: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** Rows of the old form in the new one: subresources within their resources. */
export function fromLegacy(rows: readonly LegacyResource[]): readonly ResourceDiscovery[] {
  const whole = rows.filter(({ name }) => !name.includes("/"));
  return whole.map((row) => {
    const prefix = `${row.name}/`;
    const parts = rows.filter(({ name }) => name.startsWith(prefix)).map((part) => ({
      subresource: part.name.slice(prefix.length),
      responseKind: kindOf(part),
      verbs: part.verbs ?? [],
    }));
    return {
      resource: row.name,
      responseKind: kindOf(row),
      scope: row.namespaced ? "Namespaced" : "Cluster",
      singularResource: row.singularName ?? "",
      verbs: row.verbs ?? [],
      ...(row.shortNames?.length && { shortNames: row.shortNames }),
      ...(row.categories?.length && { categories: row.categories }),
      ...(parts.length > 0 && { subresources: parts }),
    };
  });
}

function kindOf({ group = "", version = "", kind = "" }: LegacyResource) {
  return { group, version, kind };
}
