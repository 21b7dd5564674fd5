import { resources } from "../../../shared/client/resources.gen.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { type Plugin, type PluginHandle, skip, success, unschedulable } from "../framework.ts";
import { classOf, type VolumeListers, volumeListers } from "../volumes/claims.ts";

const full = unschedulable("node(s) exceed max volume count");

/** Volumes by the CSI driver that attaches them. */
type Attachments = Map<string, Set<string>>;

/** Keeps pods off nodes to which a CSI driver can attach no further volume. */
export function nodeVolumeLimits(handle: PluginHandle): Plugin<Attachments> {
  const listers = volumeListers(handle);
  const csiNodes = handle.lister(resources.csinodes);
  return {
    name: "NodeVolumeLimits",
    preFilter(pod) {
      if (pod.claims.length === 0) return skip;
      const wanted = attachmentsOf([pod], listers);
      return wanted.size === 0 ? skip : { code: "Success", state: wanted };
    },
    filter(_pod, node, wanted) {
      const drivers = csiNodes.get(node.name)?.spec?.drivers;
      if (!drivers) return success;
      let present: Attachments | undefined;
      for (const { name, allocatable } of drivers) {
        const own = wanted.get(name);
        if (!own || allocatable?.count === undefined) continue;
        present ??= attachmentsOf(node.pods.values(), listers);
        const attached = present.get(name) ?? new Set();
        const added = [...own].filter((volume) => !attached.has(volume)).length;
        if (added > 0 && attached.size + added > allocatable.count) return full;
      }
      return success;
    },
    wakeOn: {
      NodeAdd: () => true,
      PodDelete: (_pod, { pod }) => pod!.claims.length > 0,
      Storage: () => true,
    },
  };
}

function attachmentsOf(pods: Iterable<PodInfo>, listers: VolumeListers): Attachments {
  const attachments: Attachments = new Map();
  for (const { namespace, claims } of pods) {
    for (const name of claims) {
      const found = attachmentOf(`${namespace}/${name}`, listers);
      if (!found) continue;
      const volumes = attachments.get(found.driver);
      if (volumes) volumes.add(found.volume);
      else attachments.set(found.driver, new Set([found.volume]));
    }
  }
  return attachments;
}

/** A claim that is not bound yet counts for the driver of its class. */
function attachmentOf(
  key: string,
  listers: VolumeListers,
): { readonly driver: string; readonly volume: string } | undefined {
  const claim = listers.claims.get(key);
  if (!claim) return undefined;
  const csi = listers.volumes.get(claim.spec?.volumeName ?? "")?.spec?.csi;
  if (csi) return { driver: csi.driver, volume: csi.volumeHandle };
  if (claim.spec?.volumeName) return undefined;
  const driver = classOf(claim, listers)?.provisioner;
  return driver === undefined ? undefined : { driver, volume: key };
}
