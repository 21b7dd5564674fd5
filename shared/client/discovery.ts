import type { APIGroupDiscoveryList } from "../api/apidiscovery/v2/types.gen.ts";
import type { Resource } from "./resource.ts";
import type { Transport } from "./transport.ts";

/** A resource that the API has now, built in or not. */
export interface DiscoveredResource extends Resource {
  readonly verbs: readonly string[];
}

/** With the other names that users know it by. */
export interface NamedResource extends DiscoveredResource {
  readonly singular: string;
  readonly shortNames: readonly string[];
}

const ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/**
 * Every resource of the API, each in its group's preferred version (aggregated discovery, KEP-3352). Throws if the
 * server did not answer, or could not reach a group: what is missing then must not be taken for gone.
 */
export async function discoverResources(
  transport: Transport,
  options: { readonly userAgent: string },
): Promise<readonly NamedResource[]> {
  const found: NamedResource[] = [];
  for (const path of ["/api", "/apis"]) {
    const response = await transport.send({ method: "GET", path, accept: ACCEPT, ...options });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`Cannot discover ${path}: ${response.status}`);
    found.push(...resourcesOf(JSON.parse(text) as APIGroupDiscoveryList));
  }
  return found;
}

function resourcesOf(list: APIGroupDiscoveryList): NamedResource[] {
  return list.items.flatMap((item) => {
    const group = item.metadata?.name ?? "";
    const seen = new Set<string>();
    // Versions come in order of preference; a kind may exist in a later one only.
    return (item.versions ?? []).flatMap(({ version = "", resources = [], freshness }) => {
      if (freshness === "Stale") {
        throw new Error(`Cannot discover ${group}/${version}: unreachable`);
      }
      const fresh = resources.filter(({ resource = "" }) => !seen.has(resource));
      return fresh.map((one) => {
        const { resource = "", scope, verbs = [], responseKind } = one;
        seen.add(resource);
        return {
          group,
          version,
          kind: responseKind?.kind ?? "",
          plural: resource,
          singular: one.singularResource ?? "",
          shortNames: one.shortNames ?? [],
          namespaced: scope === "Namespaced",
          verbs,
        };
      });
    });
  });
}
