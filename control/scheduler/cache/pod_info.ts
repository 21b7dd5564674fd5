import type { Pod, Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import { keyOf } from "../../../shared/meta/object_meta.ts";
import { affinitiesOf, type PodAffinities } from "./affinity_term.ts";
import {
  compileNodeLabels,
  compileNodeSelector,
  compileNodeSelectorTerm,
  type NodeMatcher,
  type SelectableNode,
} from "./node_selector.ts";
import { assumeAll, assumptionsWhenPlaced, podRequests, type Resources } from "./resources.ts";

/** A port that a pod opens on its node. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}
/** What scheduling needs of one version of a pod, worked out once. Immutable. */
export class PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  readonly isTerminating: boolean;
  readonly requests: Resources;
  /** With the assumed amounts for containers that request nothing: as nodes count a pod that is on them. */
  readonly assumedRequests: Resources;
  #rankedRequests: Resources | undefined;
  readonly hostPorts: readonly HostPort[];
  readonly affinities: PodAffinities;
  readonly tolerations: readonly Toleration[];
  /** Names of the claims in the pod's volumes, generic ephemeral volumes included. */
  readonly claims: readonly string[];
  /** Of those, the ones that the pod names itself. */
  readonly namedClaims: readonly string[];
  #placement: Placement | undefined;

  constructor(pod: Pod) {
    const { metadata, spec } = pod;
    this.pod = pod;
    this.uid = metadata.uid ?? keyOf(pod);
    this.key = keyOf(pod);
    this.namespace = metadata.namespace ?? "";
    this.name = metadata.name ?? "";
    this.labels = metadata.labels ?? noLabels;
    this.priority = spec?.priority ?? 0;
    this.isTerminating = metadata.deletionTimestamp !== undefined;
    this.requests = podRequests(pod);
    this.assumedRequests = podRequests(pod, { assumed: assumptionsWhenPlaced(pod, this.requests) });
    this.hostPorts = hostPortsOf(pod);
    this.affinities = affinitiesOf(metadata, spec);
    this.tolerations = spec?.tolerations ?? [];
    this.claims = claimsOf(pod);
    this.namedClaims = this.claims.length === 0 ? this.claims : namedClaimsOf(pod);
  }

  /**
   * With the assumed amounts, as NodeResourcesFit ranks nodes for a pod that is still to be placed: like the reference,
   * without what is requested for the pod as a whole.
   */
  get rankedRequests(): Resources {
    const whole = this.pod.spec?.resources?.requests;
    return this.#rankedRequests ??= whole
      ? podRequests(this.pod, { assumed: assumeAll, containersOnly: true })
      : this.assumedRequests;
  }

  /** The scheduler that the pod asks for. */
  get schedulerName(): string {
    return schedulerNameOf(this.pod);
  }

  /** The node that the pod is bound to, or that it asks for by name. */
  get nodeName(): string | undefined {
    return this.pod.spec?.nodeName || undefined;
  }

  get nominatedNodeName(): string | undefined {
    return this.pod.status?.nominatedNodeName || undefined;
  }

  /** Whether the pod's `nodeSelector` and required node affinity accept a node. */
  acceptsNode(node: SelectableNode): boolean {
    const { selector, required } = this.placement;
    return (selector === undefined || selector(node)) && (required === undefined || required(node));
  }

  /** Compiled on first use: only pods that are still to be placed need it. */
  get placement(): Placement {
    return this.#placement ??= placementOf(this.pod);
  }

  /** Whether two versions of a pod are the same to everything that looks at the pods of a node. */
  countsLike(other: PodInfo): boolean {
    return this.priority === other.priority &&
      this.isTerminating === other.isTerminating && sameLabels(this.labels, other.labels) &&
      this.requests.equals(other.requests);
  }
}

/** The scheduler that a pod asks for. */
export function schedulerNameOf({ spec }: Pod): string {
  return spec?.schedulerName || "default-scheduler";
}

/** Where a pod may and would like to go. */
export interface Placement {
  readonly selector: NodeMatcher | undefined;
  readonly required: NodeMatcher | undefined;
  readonly preferred: readonly { readonly weight: number; readonly matches: NodeMatcher }[];
}

/** Whether two label maps are equal. */
export function sameLabels(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

const noLabels: Readonly<Record<string, string>> = {};

function placementOf({ spec }: Pod): Placement {
  const affinity = spec?.affinity?.nodeAffinity;
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return {
    selector: spec?.nodeSelector && compileNodeLabels(spec.nodeSelector),
    required: required && compileNodeSelector(required),
    preferred: preferred
      .filter(({ weight }) => weight !== 0)
      .map(({ weight, preference }) => ({ weight, matches: compileNodeSelectorTerm(preference) })),
  };
}

function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  const sidecars = spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const { ports: list } of [...spec?.containers ?? [], ...sidecars ?? []]) {
    for (const { hostPort, hostIP, protocol } of list ?? []) {
      if (!hostPort) continue;
      ports.push({ ip: hostIP || "0.0.0.0", protocol: protocol || "TCP", port: hostPort });
    }
  }
  return ports;
}

function namedClaimsOf({ spec }: Pod): readonly string[] {
  return (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim ? [persistentVolumeClaim.claimName] : []
  );
}

function claimsOf({ metadata, spec }: Pod): readonly string[] {
  const claims: string[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? []) {
    if (persistentVolumeClaim) claims.push(persistentVolumeClaim.claimName);
    else if (ephemeral) claims.push(`${metadata.name}-${name}`);
  }
  return claims;
}
