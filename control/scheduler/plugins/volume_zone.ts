import type { NodeInfo } from "../cache/node_info.ts";
import { type Plugin, type PluginHandle, skip, success, unresolvable } from "../framework.ts";
import { volumeListers } from "../volumes/claims.ts";

const otherZone = unresolvable("node(s) had no available volume zone");
const zoneLabels: readonly string[] = [
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
];

interface Zone {
  readonly key: string;
  readonly values: ReadonlySet<string>;
}

/** Keeps pods in the zones that the labels of their volumes name. */
export function volumeZone(handle: PluginHandle): Plugin<readonly Zone[]> {
  const { claims, volumes } = volumeListers(handle);
  return {
    name: "VolumeZone",
    preFilter(pod) {
      const zones: Zone[] = [];
      for (const name of pod.claims) {
        const volume = claims.get(`${pod.namespace}/${name}`)?.spec?.volumeName;
        const labels = volume === undefined ? {} : volumes.get(volume)?.metadata.labels ?? {};
        for (const key of zoneLabels) {
          // A volume in several zones lists them so.
          if (labels[key]) zones.push({ key, values: new Set(labels[key].split("__")) });
        }
      }
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
