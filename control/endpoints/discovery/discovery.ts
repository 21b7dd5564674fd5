import { createHash } from "node:crypto";
import { mediaTypes, negotiate } from "../negotiation.ts";
import { parseAccept } from "../../../shared/codec/media_type.ts";
import type { ApiRegistry, Served } from "../resource_request.ts";
import { isBuiltIn, respondWith } from "../respond.ts";
import { apiResourcesOf, discoveryOf } from "./resources.ts";
import { compareVersions } from "./versions.ts";

/** Where a group stands in `/apis`: the higher comes first (`APIService.spec.groupPriorityMinimum`). */
const groupPriority: Readonly<Record<string, number>> = {
  "apiregistration.k8s.io": 18000,
  "apps": 17800,
  "events.k8s.io": 17750,
  "authentication.k8s.io": 17700,
  "authorization.k8s.io": 17600,
  "autoscaling": 17500,
  "batch": 17400,
  "certificates.k8s.io": 17300,
  "networking.k8s.io": 17200,
  "policy": 17100,
  "rbac.authorization.k8s.io": 17000,
  "storage.k8s.io": 16800,
  "admissionregistration.k8s.io": 16701,
  "apiextensions.k8s.io": 16700,
  "scheduling.k8s.io": 16600,
  "coordination.k8s.io": 16500,
  "node.k8s.io": 16300,
  "discovery.k8s.io": 16201,
  "resource.k8s.io": 16200,
  "flowcontrol.apiserver.k8s.io": 16100,
  "storagemigration.k8s.io": 15800,
};
/** Custom groups come after the built-in ones. */
const customPriority = 1000;

interface GroupVersions {
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly versions: readonly { readonly version: string; readonly resources: readonly Served[] }[];
}

/** Serves the discovery documents, derived from the registry and kept until it changes. */
export class Discovery {
  readonly #registry: ApiRegistry;
  #generation = -1;
  #groups: readonly GroupVersions[] = [];

  constructor(registry: ApiRegistry) {
    this.#registry = registry;
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
        versions: versions.map(({ version, resources }) => ({
          version,
          resources: discoveryOf(resources),
          freshness: "Current",
        })),
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
    if (this.#generation === this.#registry.generation) return;
    this.#generation = this.#registry.generation;
    const groups = new Map<string, Map<string, Served[]>>();
    for (const resource of this.#registry.all()) {
      const { group, version } = resource.kind;
      const versions = groups.get(group) ?? new Map<string, Served[]>();
      groups.set(group, versions);
      versions.set(version, [...(versions.get(version) ?? []), resource]);
    }
    this.#groups = [...groups].map(([name, versions]) => ({
      name,
      isBuiltIn: versions.values().some((list) => list.some(({ kind }) => isBuiltIn(kind))),
      versions: [...versions].map(([version, resources]) => ({ version, resources }))
        .sort((a, b) => compareVersions(a.version, b.version)),
    })).sort((a, b) => priorityOf(b.name) - priorityOf(a.name) || (a.name < b.name ? -1 : 1));
  }
}

function priorityOf(group: string): number {
  return groupPriority[group] ?? customPriority;
}

function groupOf({ name, versions }: GroupVersions) {
  const rows = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: rows, preferredVersion: rows[0] };
}
