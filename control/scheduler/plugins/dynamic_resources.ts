import type { PodResourceClaim } from "../../../shared/api/core/v1/types.gen.ts";
import type { ResourceClaim } from "../../../shared/api/resource/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { Lister } from "../../../shared/informer/informer.ts";
import { isControlledBy } from "../../../shared/meta/object_meta.ts";
import { compileNodeSelector, type NodeMatcher } from "../cache/node_selector.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { type Plugin, type PluginHandle, skip, success, unresolvable } from "../framework.ts";

const elsewhere = unresolvable("resourceclaim not available on the node");
const notAllocated = unresolvable("cannot allocate all claims");
const name = "DynamicResources";

interface State {
  /** Where the devices of allocated claims can be reached. */
  readonly reachable: readonly NodeMatcher[];
  readonly isAllocated: boolean;
}

/**
 * Keeps pods where the devices of their claims are (KEP-4381), and reserves the claims for them. It allocates nothing: a
 * claim without an allocation keeps its pods waiting until somebody has made one.
 */
export function dynamicResources({ client, lister }: PluginHandle): Plugin<State> {
  const claims = lister(resources.resourceclaims);
  return {
    name,
    preEnqueue(pod) {
      const found = claimsOf(pod, claims);
      return typeof found === "string" ? unresolvable(found) : success;
    },
    preFilter(pod) {
      const found = claimsOf(pod, claims);
      if (typeof found === "string") return unresolvable(found);
      if (found.length === 0) return skip;
      const allocations = found.map(({ status }) => status?.allocation);
      const reachable = allocations.flatMap((allocation) =>
        allocation?.nodeSelector ? compileNodeSelector(allocation.nodeSelector) : []
      );
      const isAllocated = allocations.every((allocation) => allocation !== undefined);
      return { code: "Success", state: { reachable, isAllocated } };
    },
    filter(_pod, node, { reachable, isAllocated }) {
      if (!isAllocated) return notAllocated;
      return reachable.every((isHere) => isHere(node)) ? success : elsewhere;
    },
    // The reference ends here with its own words for a missing state, if others refused the pod before it was asked.
    postFilter: ({ unprepared }) => unprepared.has(name) ? { message: "not found" } : {},
    preBind(pod) {
      const found = claimsOf(pod, claims);
      const open = typeof found === "string"
        ? []
        : found.filter((claim) => !isReserved(claim, pod));
      if (open.length === 0) return undefined;
      return Promise.all(open.map((claim) => reserve(claim, pod, client))).then(() => {});
    },
    wakeOn: {
      NodeAdd: () => true,
      NodeLabels: () => true,
      Storage: (pod, { object }) =>
        object?.kind === "ResourceClaim" && object.metadata.namespace === pod.namespace,
    },
  };
}

/** The claims of a pod, or why it must wait for one. */
function claimsOf(
  pod: PodInfo,
  claims: Lister<ResourceClaim>,
): readonly ResourceClaim[] | string {
  const found: ResourceClaim[] = [];
  for (const wanted of pod.pod.spec?.resourceClaims ?? []) {
    const { claimName, problem } = nameOf(pod, wanted);
    if (problem !== undefined) return problem;
    // Nothing was made for this claim, and nothing is needed.
    if (claimName === undefined) continue;
    const claim = claims.get(`${pod.namespace}/${claimName}`);
    if (!claim) return `resourceclaim.resource.k8s.io "${claimName}" not found`;
    if (claim.metadata.deletionTimestamp !== undefined) {
      return `resourceclaim "${claimName}" is being deleted`;
    }
    if (wanted.resourceClaimTemplateName && !isControlledBy(claim, pod.pod)) {
      const key = `${pod.namespace}/${claimName}`;
      return `ResourceClaim ${key} was not created for Pod ${pod.key} (Pod is not owner)`;
    }
    found.push(claim);
  }
  return found;
}

function nameOf(
  { key, pod }: PodInfo,
  { name, resourceClaimName, resourceClaimTemplateName }: PodResourceClaim,
): { readonly claimName?: string | undefined; readonly problem?: string } {
  if (resourceClaimName) return { claimName: resourceClaimName };
  if (!resourceClaimTemplateName) {
    const where = `pod "${key}", spec.resourceClaim ${JSON.stringify(name)}`;
    return { problem: `${where}: none of the supported fields are set` };
  }
  const made = pod.status?.resourceClaimStatuses?.find((status) => status.name === name);
  return made
    ? { claimName: made.resourceClaimName || undefined }
    : { problem: `pod "${key}": ResourceClaim not created yet` };
}

function isReserved({ status }: ResourceClaim, { uid }: PodInfo): boolean {
  return status?.reservedFor?.some((consumer) => consumer.uid === uid) ?? false;
}

/** Notes the pod as a user of the claim; its node's agent starts no pod that is not. */
async function reserve(
  { metadata, status }: ResourceClaim,
  { name, uid }: PodInfo,
  client: PluginHandle["client"],
): Promise<void> {
  const reservedFor = [...status?.reservedFor ?? [], { resource: "pods", name, uid }];
  const ref = { namespace: metadata.namespace, name: metadata.name ?? "" };
  const { resourceVersion } = metadata;
  await client.patch(resources.resourceclaims, ref, {
    metadata: { resourceVersion },
    status: { reservedFor },
  }, { type: "merge", subresource: "status" });
}
