import { createHash } from "node:crypto";
import { mediaTypes, negotiate } from "../negotiation.ts";
import { parseAccept } from "../../../shared/codec/media_type.ts";
import type { ApiRegistry, Served } from "../resource_request.ts";
import type { RemoteVersion } from "../../aggregator/remote_discovery.ts";
import { respondWith } from "../respond.ts";
import { collectGroups, type GroupVersion, type GroupVersions } from "./groups.ts";
import { apiResourcesOf, discoveryOf } from "./resources.ts";

/** What other servers have. */
export interface RemoteGroups {
  /** Counts changes. */
  readonly generation: number;
  versions(): readonly RemoteVersion[];
}

/** Serves the discovery documents, derived from the registry and from what other servers have, kept until that changes. */
export class Discovery {
  readonly #registry: ApiRegistry;
  readonly #remote: RemoteGroups;
  /** Of the registry and of the others. */
  #generations: readonly [number, number] = [-1, -1];
  #groups: readonly GroupVersions[] = [];

  constructor(registry: ApiRegistry, remote: RemoteGroups) {
    this.#registry = registry;
    this.#remote = remote;
  }

  /** The document at `path`, or undefined if there is none. Throws NotAcceptable. */
  respond(
    path: string,
    { accept, query, host, etag }: {
      readonly accept: string | undefined;
      readonly query: URLSearchParams;
      readonly host: string;
      /** The client's If-None-Match. */
      readonly etag?: string | undefined;
    },
  ): Response | undefined {
    this.#refresh();
    const parts = path.split("/").filter((part) => part !== "");
    const root = parts[0];
    if (root !== "api" && root !== "apis") return undefined;
    const document = root === "api" ? this.#core(parts, host) : this.#named(parts);
    if (!document) return undefined;
    if (parts.length === 1) {
      const aggregated = this.#aggregated(root, accept, etag);
      if (aggregated) return aggregated;
    }
    const negotiated = negotiate(accept, query);
    const answer = respondWith({ ...negotiated, as: "" }, document);
    if (parts.length === 1) answer.headers.set("vary", "Accept");
    return answer;
  }

  /** Paths of all group documents, for the index at `/`. */
  paths(): string[] {
    this.#refresh();
    const out = ["/api", "/api/v1", "/apis", "/apis/"];
    for (const { name, versions } of this.#groups) {
      if (name === "") continue;
      out.push(`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`));
    }
    return out;
  }

  /** Whether a group is a built-in one: in others, what is not there answers as unknown pages do. */
  hasGroup(group: string): boolean {
    this.#refresh();
    return this.#groups.find(({ name }) => name === group)?.isBuiltIn ?? false;
  }

  #core(parts: readonly string[], host: string) {
    if (parts.length === 1) {
      return {
        kind: "APIVersions",
        versions: ["v1"],
        serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: host }],
      };
    }
    const found = parts.length === 2 && this.#resources("", parts[1]!);
    if (!found) return undefined;
    return { kind: "APIResourceList", groupVersion: "v1", resources: apiResourcesOf(found) };
  }

  #named(parts: readonly string[]) {
    const groups = this.#groups.filter(({ name }) => name !== "");
    if (parts.length === 1) {
      return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupOf) };
    }
    const group = groups.find(({ name }) => name === parts[1]);
    if (!group) return undefined;
    if (parts.length === 2) return { kind: "APIGroup", apiVersion: "v1", ...groupOf(group) };
    const found = parts.length === 3 && this.#resources(group.name, parts[2]!);
    if (!found) return undefined;
    return {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: `${group.name}/${parts[2]}`,
      resources: apiResourcesOf(found),
    };
  }

  #resources(group: string, version: string): readonly Served[] | undefined {
    return this.#groups.find(({ name }) => name === group)?.versions
      .find((entry) => entry.version === version)?.resources;
  }

  /** `apidiscovery.k8s.io/v2` (KEP-3352), if the client prefers it. */
  #aggregated(
    root: string,
    accept: string | undefined,
    etag: string | undefined,
  ): Response | undefined {
    if (!accept) return undefined;
    const wanted = parseAccept(accept).find(({ type, subtype, parameters }) =>
      `${type}/${subtype}` === mediaTypes.json || parameters.as === undefined
    );
    const p = wanted?.parameters;
    if (p?.as !== "APIGroupDiscoveryList" || p.g !== "apidiscovery.k8s.io" || p.v !== "v2") {
      return undefined;
    }
    const groups = this.#groups.filter(({ name }) => (name === "") === (root === "api"));
    const body = JSON.stringify({
      kind: "APIGroupDiscoveryList",
      apiVersion: "apidiscovery.k8s.io/v2",
      metadata: {},
      items: groups.map(({ name, versions }) => ({
        metadata: name === "" ? {} : { name },
        versions: versions.map(aggregatedVersion),
      })),
    });
    const tag = `"${createHash("sha512").update(body).digest("hex").toUpperCase()}"`;
    const headers = {
      "content-type": `${mediaTypes.json};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`,
      "etag": tag,
      "vary": "Accept",
      "cache-control": "no-cache, private",
    };
    if (etag === tag) return new Response(null, { status: 304, headers });
    return new Response(body, { headers });
  }

  #refresh(): void {
    const generations = [this.#registry.generation, this.#remote.generation] as const;
    if (generations.every((generation, i) => generation === this.#generations[i])) return;
    this.#generations = generations;
    this.#groups = collectGroups(this.#registry.all(), this.#remote.versions());
  }
}

function aggregatedVersion({ version, resources, remote }: GroupVersion) {
  const rows = remote?.resources ?? discoveryOf(resources);
  return {
    version,
    ...(rows.length > 0 && { resources: rows }),
    freshness: remote?.freshness ?? "Current",
  };
}

function groupOf({ name, versions }: GroupVersions) {
  const rows = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: rows, preferredVersion: rows[0] };
}
