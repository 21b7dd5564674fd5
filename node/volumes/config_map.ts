import type { ConfigMapVolumeSource } from "../../shared/api/core/v1/types.gen.ts";
import { writeAtomically } from "./atomic_writer.ts";
import { withFsGroup } from "./ownership.ts";
import { configMapFiles } from "./payload.ts";
import type { VolumePlugin } from "./plugin.ts";

/** A ConfigMap's keys as files. */
export const configMap: VolumePlugin<ConfigMapVolumeSource> = {
  sourceField: "configMap",
  async setUp({ pod, source, directory }, context) {
    const ref = { namespace: pod.metadata.namespace ?? "", name: source.name ?? "" };
    const selection = { ...source, defaultMode: source.defaultMode ?? 0o644 };
    const files = await configMapFiles(context.objects, ref, selection);
    await writeAtomically(directory, files.map((file) => withFsGroup(file, pod)), context);
    return { path: directory, readOnly: true };
  },
};
