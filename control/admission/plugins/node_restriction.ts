import type { TokenRequest } from "../../../shared/api/authentication/v1/types.gen.ts";
import type { Node, PersistentVolumeClaim, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { CSIDriver } from "../../../shared/api/storage/v1/types.gen.ts";
import { nodeOf } from "../../authorization/node.ts";
import { podReferences } from "../../authorization/pod_references.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin, AdmissionReader, Attributes } from "../plugin.ts";
import { missing, refusal } from "../refusal.ts";

const MIRROR = "kubernetes.io/config.mirror";
const LEASES = "kube-node-lease";

/**
 * Holds a node to its own objects: its Node, lease and CSINode, the pods bound to it, tokens for those pods.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction.
 */
export function nodeRestriction({ reader }: PluginDependencies): AdmissionPlugin {
  return {
    name: "NodeRestriction",
    handles: ({ user, operation, kind }) =>
      operation !== "CONNECT" && rules[`${kind.group}/${kind.plural}`] !== undefined &&
      nodeOf(user) !== undefined,
    admit(attributes) {
      const node = nodeOf(attributes.user)!;
      if (node === "") {
        const user = JSON.stringify(attributes.user.name);
        throw refusal(attributes, `could not determine node from user ${user}`);
      }
      const { group, plural } = attributes.kind;
      const why = rules[`${group}/${plural}`]!(node, attributes, reader);
      if (why !== undefined) throw refusal(attributes, why);
    },
  };
}

/** Why a node may not make this write; undefined if it may. */
type Rule = (node: string, attributes: Attributes, reader: AdmissionReader) => string | undefined;
const rules: Readonly<Record<string, Rule>> = {
  "/nodes": writeNode,
  "/pods": writePod,
  "/persistentvolumeclaims": writeClaim,
  "/serviceaccounts": requestToken,
  "coordination.k8s.io/leases": writeLease,
  "storage.k8s.io/csinodes": (node, attributes) =>
    targetName(attributes) === node
      ? undefined
      : "can only access CSINode with the same name as the requesting node",
  "resource.k8s.io/resourceslices": writeSlice,
};

function writePod(
  node: string,
  attributes: Attributes,
  reader: AdmissionReader,
): string | undefined {
  const { operation, subresource } = attributes;
  const name = JSON.stringify(node);
  if (subresource === "status") return writePodStatus(name, node, attributes);
  if (subresource === "eviction") {
    const pod = podOf(targetName(attributes), attributes, reader);
    return pod.spec?.nodeName === node
      ? undefined
      : `node ${node} can only evict pods with spec.nodeName set to itself`;
  }
  if (subresource !== "") {
    return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and ` +
      "'eviction' are allowed";
  }
  if (operation === "CREATE") return createPod(node, attributes.object as Pod, reader);
  if (operation === "DELETE") {
    const pod = podOf(attributes.name, attributes, reader);
    return pod.spec?.nodeName === node
      ? undefined
      : `node ${name} can only delete pods with spec.nodeName set to itself`;
  }
  return `unexpected operation "${operation}", node ${name} can only create and delete mirror pods`;
}

function writePodStatus(
  name: string,
  node: string,
  { operation, object, oldObject }: Attributes,
): string | undefined {
  if (operation !== "UPDATE") return `unexpected operation "${operation}"`;
  const [next, old] = [object as Pod, oldObject as Pod];
  if (old.spec?.nodeName !== node) {
    return `node ${name} can only update pod status for pods with spec.nodeName set to itself`;
  }
  if (!same(old.metadata.labels ?? {}, next.metadata.labels ?? {})) {
    return `node ${name} cannot update labels through pod status`;
  }
  if (!same(old.status?.resourceClaimStatuses, next.status?.resourceClaimStatuses)) {
    return `node ${name} cannot update resource claim statuses`;
  }
  return undefined;
}

/** A mirror pod of its own, owned by itself, that refers to nothing in the API. */
function createPod(node: string, pod: Pod, reader: AdmissionReader): string | undefined {
  const name = JSON.stringify(node);
  if (pod.metadata.annotations?.[MIRROR] === undefined) {
    return `pod does not have "${MIRROR}" annotation, node ${name} can only create mirror pods`;
  }
  if (pod.spec?.nodeName !== node) {
    return `node ${name} can only create pods with spec.nodeName set to itself`;
  }
  const owners = pod.metadata.ownerReferences ?? [];
  if (owners.length > 1) {
    return `node ${name} can only create pods with a single owner reference set to itself`;
  }
  const [owner] = owners;
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node) {
    return `node ${name} can only create pods with an owner reference set to itself`;
  }
  if (!owner.controller) {
    return `node ${name} can only create pods with a controller owner reference set to itself`;
  }
  if (owner.blockOwnerDeletion) {
    return `node ${name} must not set blockOwnerDeletion on an owner reference`;
  }
  const found = reader.get<Node>("", "nodes", "", node);
  if (!found) throw missing("nodes", node);
  if (owner.uid !== found.metadata.uid) {
    return `node ${node} UID mismatch: expected ${owner.uid} got ${found.metadata.uid}`;
  }
  return borrowed(pod, name);
}

function borrowed(pod: Pod, name: string): string | undefined {
  const refers = (what: string) => `node ${name} can not create pods that reference ${what}`;
  const { serviceaccounts, ...others } = podReferences(pod);
  if (serviceaccounts.size > 0) return refers("a service account");
  for (const [plural, names] of Object.entries(others)) if (names.size > 0) return refers(plural);
  const sources = (pod.spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  return sources.some((source) => source.clusterTrustBundle)
    ? refers("clustertrustbundles")
    : undefined;
}

function writeNode(node: string, attributes: Attributes): string | undefined {
  const { operation, object, oldObject } = attributes;
  const name = JSON.stringify(node);
  const target = targetName(attributes);
  if (target !== node) {
    return `node ${name} is not allowed to modify node ${JSON.stringify(target)}`;
  }
  const next = object as Node | undefined;
  const old = oldObject as Node | undefined;
  if (operation === "CREATE") {
    if (next?.spec?.configSource) {
      return `node ${name} is not allowed to create pods with a non-nil configSource`;
    }
    const labels = forbiddenLabels(next?.metadata.labels, undefined);
    if (labels.length === 0) return undefined;
    return `node ${name} is not allowed to set the following labels: ${labels.join(", ")}`;
  }
  if (operation !== "UPDATE") return undefined;
  if (next?.spec?.configSource && !same(next.spec.configSource, old?.spec?.configSource)) {
    return `node ${name} is not allowed to update configSource to a new non-nil configSource`;
  }
  if (!same(next?.spec?.taints ?? [], old?.spec?.taints ?? [])) {
    return `node ${name} is not allowed to modify taints`;
  }
  // A node that owned itself to something deleted would be collected with all its rights to come back.
  if (!same(next?.metadata.ownerReferences ?? [], old?.metadata.ownerReferences ?? [])) {
    return `node ${name} is not allowed to modify ownerReferences`;
  }
  const labels = forbiddenLabels(next?.metadata.labels, old?.metadata.labels);
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(", ")}`;
}

function writeClaim(
  node: string,
  { operation, subresource, object, oldObject }: Attributes,
): string | undefined {
  if (subresource !== "status") return "may only update PVC status";
  if (operation !== "UPDATE") return `unexpected operation "${operation}"`;
  const rest = ({ metadata, spec, status }: PersistentVolumeClaim) => {
    const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata;
    const {
      capacity: _capacity,
      conditions: _conditions,
      allocatedResources: _allocated,
      allocatedResourceStatuses: _statuses,
      ...others
    } = status ?? {};
    return [kept, spec, others];
  };
  if (same(rest(object as PersistentVolumeClaim), rest(oldObject as PersistentVolumeClaim))) {
    return undefined;
  }
  return `node ${JSON.stringify(node)} is not allowed to update fields other than ` +
    "status.capacity and status.conditions";
}

function requestToken(
  node: string,
  attributes: Attributes,
  reader: AdmissionReader,
): string | undefined {
  const { operation, subresource, object } = attributes;
  if (operation !== "CREATE" || subresource !== "token") return undefined;
  const { spec } = object as TokenRequest;
  const ref = spec?.boundObjectRef;
  if (ref?.apiVersion !== "v1" || ref.kind !== "Pod" || !ref.name) {
    return "node requested token not bound to a pod";
  }
  if (!ref.uid) return "node requested token with a pod binding without a uid";
  const pod = podOf(ref.name, attributes, reader);
  if (ref.uid !== pod.metadata.uid) {
    return `the UID in the bound object reference (${ref.uid}) does not match the UID in record. ` +
      "The object might have been deleted and then recreated";
  }
  if (pod.spec?.nodeName !== node) {
    return "node requested token bound to a pod scheduled on a different node";
  }
  const audiences = (spec?.audiences ?? []).filter((audience) => audience !== "");
  const known = audiencesOf(pod, reader);
  const unknown = audiences.find((audience) => !known.has(audience));
  return unknown === undefined
    ? undefined
    : `audience ${JSON.stringify(unknown)} not found in pod spec volume`;
}

/** For whom the pod's volumes want tokens (KEP-4412). */
function audiencesOf(pod: Pod, reader: AdmissionReader): ReadonlySet<string> {
  const audiences = new Set<string>();
  for (const volume of pod.spec?.volumes ?? []) {
    for (const { serviceAccountToken } of volume.projected?.sources ?? []) {
      if (serviceAccountToken?.audience) audiences.add(serviceAccountToken.audience);
    }
    const driver = volume.csi &&
      reader.get<CSIDriver>("storage.k8s.io", "csidrivers", "", volume.csi.driver);
    for (const { audience } of driver?.spec.tokenRequests ?? []) audiences.add(audience);
  }
  return audiences;
}

function writeLease(node: string, attributes: Attributes): string | undefined {
  if (attributes.namespace !== LEASES) {
    return `can only access leases in the "${LEASES}" system namespace`;
  }
  return targetName(attributes) === node
    ? undefined
    : "can only access node lease with the same name as the requesting node";
}

function writeSlice(node: string, { operation, object }: Attributes): string | undefined {
  if (operation !== "CREATE") return undefined;
  const { spec } = object as KubeObject & { spec?: { nodeName?: string } };
  return spec?.nodeName === node
    ? undefined
    : "can only create ResourceSlice with the same NodeName as the requesting node";
}

function targetName({ name, object }: Attributes): string {
  return name || (object?.metadata.name ?? "");
}

function podOf(name: string, { namespace }: Attributes, reader: AdmissionReader): Pod {
  const pod = reader.get<Pod>("", "pods", namespace, name);
  if (!pod) throw missing("pods", name);
  return pod;
}

const kubeletLabels = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "beta.kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.kubernetes.io/region",
  "failure-domain.kubernetes.io/zone",
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
]);
type Labels = Readonly<Record<string, string>> | undefined;

/** Labels that differ and that a node may not set: with them it could draw pods to itself. */
function forbiddenLabels(next: Labels, old: Labels): readonly string[] {
  const keys = new Set([...Object.keys(next ?? {}), ...Object.keys(old ?? {})]);
  return [...keys].filter((key) => next?.[key] !== old?.[key] && isForbidden(key)).sort();
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf("/");
  const domain = slash < 0 ? "" : key.slice(0, slash);
  const within = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (within("node-restriction.kubernetes.io")) return true;
  if (!within("kubernetes.io") && !within("k8s.io")) return false;
  return !kubeletLabels.has(key) && !within("kubelet.kubernetes.io") &&
    !within("node.kubernetes.io");
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
