import type { Node } from "../../shared/api/core/v1/types.gen.ts";
import { familyOf } from "./masquerade.ts";

/** A way to another node's pods. */
export interface Route {
  readonly destination: string;
  readonly via: string;
}

/**
 * Routes to the pods of every other node, through its address of the same family. They work where nodes share a
 * link; across routers an overlay has to carry them.
 */
export function planRoutes(nodes: readonly Node[], self: string): Route[] {
  const routes: Route[] = [];
  for (const node of nodes) {
    if (node.metadata.name === self) continue;
    const { podCIDR, podCIDRs = podCIDR ? [podCIDR] : [] } = node.spec ?? {};
    for (const destination of podCIDRs) {
      const via = node.status?.addresses?.find(({ type, address }) =>
        type === "InternalIP" && familyOf(address) === familyOf(destination)
      );
      if (via) routes.push({ destination, via: via.address });
    }
  }
  return routes.sort((a, b) => a.destination < b.destination ? -1 : 1);
}

/** `ip -batch` input that leads from what is there to what is wanted. */
export function renderRoutes(have: readonly Route[], want: readonly Route[]): string[] {
  const wanted = new Map(want.map((route) => [route.destination, route.via]));
  const had = new Map(have.map((route) => [route.destination, route.via]));
  const gone = have.filter(({ destination }) => !wanted.has(destination));
  const changed = want.filter(({ destination, via }) => had.get(destination) !== via);
  return [
    ...gone.map(({ destination }) => `route del ${destination} proto ${PROTOCOL}`),
    ...changed.map(({ destination, via }) =>
      `route replace ${destination} via ${via} proto ${PROTOCOL}`
    ),
  ];
}

/** Marks our routes in the kernel's table, so that those of an earlier agent are found again. */
export const PROTOCOL = 86;

/** What `ip -j route show proto 86` says. */
export function parseRoutes(json: string): Route[] {
  if (json.trim() === "") return [];
  const rows = JSON.parse(json) as { dst?: string; gateway?: string }[];
  return rows.filter(({ dst, gateway }) => dst && gateway)
    .map(({ dst, gateway }) => ({ destination: dst!, via: gateway! }));
}
