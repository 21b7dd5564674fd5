import type {
  PersistentVolume,
  PersistentVolumeClaimVolumeSource,
} from "../../shared/api/core/v1/types.gen.ts";
import { checkHostPath } from "./host_path.ts";
import type { VolumePlugin } from "./plugin.ts";

/** A claim whose volume is a path of this node: `hostPath` or `local`. */
export const persistentVolumeClaim: VolumePlugin<PersistentVolumeClaimVolumeSource> = {
  sourceField: "persistentVolumeClaim",
  async setUp({ pod, source }, { files, objects }) {
    const namespace = pod.metadata.namespace ?? "";
    const claim = await objects.claim(namespace, source.claimName);
    if (!claim) throw new Error(`persistentvolumeclaim "${source.claimName}" not found`);
    const volumeName = claim.spec?.volumeName;
    if (claim.status?.phase !== "Bound" || !volumeName) throw new Error("PVC is not bound");
    const volume = await objects.persistentVolume(volumeName);
    if (!volume) throw new Error(`persistentvolume "${volumeName}" not found`);
    const { path, type } = pathOf(volume);
    await checkHostPath(files, path, type);
    return { path, ...(source.readOnly && { readOnly: true }) };
  },
};

function pathOf({ metadata, spec }: PersistentVolume): { path: string; type: string } {
  if (spec?.hostPath) return { path: spec.hostPath.path, type: spec.hostPath.type ?? "" };
  if (spec?.local) return { path: spec.local.path, type: "" };
  const kind = Object.keys(spec ?? {}).find((key) => key === "csi" || key === "nfs") ?? "its kind";
  throw new Error(`PersistentVolume "${metadata.name}": ${kind} is not supported by this node`);
}
