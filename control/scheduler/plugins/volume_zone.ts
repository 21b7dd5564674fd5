import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import {
  type Plugin,
  type PluginHandle,
  type Rejection,
  skip,
  success,
  unresolvable,
} from "../framework.ts";
import { classNameOf, type VolumeListers, volumeListers } from "../volumes/claims.ts";

const otherZone = unresolvable("node(s) had no available volume zone");
const zoneLabels: readonly string[] = [
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
];

interface Zone {
  readonly key: string;
  readonly values: ReadonlySet<string>;
}

/** Keeps pods in the zones that the labels of their volumes name. */
export function volumeZone(handle: PluginHandle): Plugin<readonly Zone[]> {
  const listers = volumeListers(handle);
  return {
    name: "VolumeZone",
    preFilter(pod) {
      if (pod.namedClaims.length === 0) return skip;
      const zones = zonesOf(pod, listers);
      if ("code" in zones) return zones;
      return zones.length === 0 ? skip : { code: "Success", state: zones };
    },
    filter: (_pod, node, zones) => isInZones(node, zones) ? success : otherZone,
    wakeOn: {
      NodeAdd: () => true,
      NodeLabels: () => true,
      Storage: () => true,
    },
  };
}

/** Where the pod's volumes are, as far as they are known; or why that cannot be said. */
function zonesOf(
  { namespace, namedClaims }: PodInfo,
  { claims, volumes, classes }: VolumeListers,
): readonly Zone[] | Rejection {
  const zones: Zone[] = [];
  for (const name of namedClaims) {
    const claim = claims.get(`${namespace}/${name}`);
    if (!claim) return unresolvable(`persistentvolumeclaim "${name}" not found`);
    const volumeName = claim.spec?.volumeName;
    if (!volumeName) {
      const className = classNameOf(claim);
      if (!className) {
        return unresolvable("PersistentVolumeClaim had no pv name and storageClass name");
      }
      const storageClass = classes.get(className);
      if (!storageClass) {
        return unresolvable(`storageclass.storage.k8s.io "${className}" not found`);
      }
      if (storageClass.volumeBindingMode === "WaitForFirstConsumer") continue;
      return unresolvable("PersistentVolume had no name");
    }
    const volume = volumes.get(volumeName);
    if (!volume) return unresolvable(`persistentvolume "${volumeName}" not found`);
    for (const key of zoneLabels) {
      const value = volume.metadata.labels?.[key];
      // A volume in several zones lists them so.
      if (value) zones.push({ key, values: new Set(value.split("__")) });
    }
  }
  return zones;
}

function isInZones({ labels }: NodeInfo, zones: readonly Zone[]): boolean {
  // A cluster without zones ignores those of volumes.
  if (!zoneLabels.some((key) => labels[key] !== undefined)) return true;
  return zones.every(({ key, values }) =>
    values.has(labels[key] ?? labels[currentName(key)] ?? "")
  );
}

function currentName(key: string): string {
  return key.replace("failure-domain.beta.kubernetes.io/", "topology.kubernetes.io/");
}
