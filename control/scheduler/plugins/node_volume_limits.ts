import type { CSINode, VolumeAttachment } from "../../../shared/api/storage/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import {
  type Plugin,
  type PluginHandle,
  skip,
  success,
  unresolvable,
  unschedulable,
} from "../framework.ts";
import { classOf, type VolumeListers, volumeListers } from "../volumes/claims.ts";

const full = unschedulable("node(s) exceed max volume count");
const byNode = "scheduler/node";

/** CSI volumes, each with the driver that attaches it. */
type Attachments = Map<string, string>;

/** Keeps pods off nodes to which a CSI driver can attach no further volume, or that lack a driver they need. */
export function nodeVolumeLimits(handle: PluginHandle): Plugin<Attachments> {
  const listers = volumeListers(handle);
  const csiNodes = handle.lister(resources.csinodes);
  const csiDrivers = handle.lister(resources.csidrivers);
  const attachments = handle.lister(resources.volumeattachments);
  attachments.addIndex(byNode, ({ spec }) => spec ? [spec.nodeName] : []);
  const isMissing = (driver: string, node: CSINode | undefined) =>
    csiDrivers.get(driver)?.spec?.preventPodSchedulingIfMissing === true &&
    !node?.spec?.drivers?.some(({ name }) => name === driver);
  return {
    name: "NodeVolumeLimits",
    preFilter(pod) {
      if (pod.claims.length === 0) return skip;
      const missing = pod.claims.find((name) => !listers.claims.get(`${pod.namespace}/${name}`));
      if (missing !== undefined) {
        const key = `${pod.namespace}/${missing}`;
        return unresolvable(
          `looking up PVC ${key}: persistentvolumeclaim "${missing}" not found`,
        );
      }
      const wanted: Attachments = new Map();
      addVolumes(wanted, pod, listers);
      return wanted.size === 0 ? skip : { code: "Success", state: wanted };
    },
    filter(_pod, node, wanted) {
      const csiNode = csiNodes.get(node.name);
      for (const driver of wanted.values()) {
        if (isMissing(driver, csiNode)) {
          return unschedulable(`${driver} CSI driver is not installed on the node`);
        }
      }
      const limits = limitsOf(csiNode);
      if (limits.size === 0) return success;
      const present = presentOn(node, attachments.byIndex(byNode, node.name), listers);
      return exceeds(limits, wanted, present) ? full : success;
    },
    wakeOn: {
      NodeAdd: () => true,
      PodDelete: (_pod, { pod }) => pod!.claims.length > 0,
      Storage: () => true,
    },
  };
}

function limitsOf(node: CSINode | undefined): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const { name, allocatable } of node?.spec?.drivers ?? []) {
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  }
  return limits;
}

interface Present {
  /** Of the pods of the node. */
  readonly used: Attachments;
  /** Attached without a pod that uses it. */
  readonly idle: Attachments;
}

function presentOn(
  node: NodeInfo,
  attached: readonly VolumeAttachment[],
  listers: VolumeListers,
): Present {
  const used: Attachments = new Map();
  for (const pod of node.pods.values()) addVolumes(used, pod, listers);
  const idle: Attachments = new Map();
  for (const { spec } of attached) {
    const csi = listers.volumes.get(spec?.source.persistentVolumeName ?? "")?.spec?.csi;
    if (!spec?.attacher || !csi) continue;
    const id = `${spec.attacher}/${csi.volumeHandle}`;
    if (!used.has(id)) idle.set(id, spec.attacher);
  }
  return { used, idle };
}

function exceeds(
  limits: ReadonlyMap<string, number>,
  wanted: Attachments,
  { used, idle }: Present,
): boolean {
  const added = new Map<string, number>();
  for (const [id, driver] of wanted) {
    if (!used.has(id)) added.set(driver, (added.get(driver) ?? 0) + 1);
  }
  for (const [driver, count] of added) {
    const limit = limits.get(driver);
    if (limit === undefined) continue;
    let current = 0;
    for (const other of [...used.values(), ...idle.values()]) if (other === driver) current++;
    if (current + count > limit) return true;
  }
  return false;
}

function addVolumes(to: Attachments, { namespace, claims }: PodInfo, listers: VolumeListers): void {
  for (const name of claims) {
    const key = `${namespace}/${name}`;
    const claim = listers.claims.get(key);
    if (!claim) continue;
    const volume = listers.volumes.get(claim.spec?.volumeName ?? "");
    const csi = volume?.spec?.csi;
    if (csi) to.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    // A claim without its volume counts for the driver of its class.
    const provisioner = volume ? undefined : classOf(claim, listers)?.provisioner;
    if (provisioner !== undefined) to.set(`${provisioner}/claim-${key}`, provisioner);
  }
}
