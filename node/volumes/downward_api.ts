import type {
  DownwardAPIVolumeFile,
  DownwardAPIVolumeSource,
  Pod,
} from "../../shared/api/core/v1/types.gen.ts";
import { type VolumeFile, writeAtomically } from "./atomic_writer.ts";
import { podField, resourceField } from "./downward_fields.ts";
import { withFsGroup } from "./ownership.ts";
import type { VolumeContext, VolumePlugin } from "./plugin.ts";
import { mountTmpfs, unmount } from "./tmpfs.ts";

/** Facts about the pod itself as files; they follow changes of its labels and annotations. */
export const downwardApi: VolumePlugin<DownwardAPIVolumeSource> = {
  sourceField: "downwardAPI",
  async setUp({ pod, source, directory }, context) {
    const files = downwardFiles(pod, source.items ?? [], {
      defaultMode: source.defaultMode ?? 0o644,
      allocatable: context.allocatable,
    });
    await mountTmpfs(directory, context);
    await writeAtomically(directory, files.map((file) => withFsGroup(file, pod)), context);
    return { path: directory, readOnly: true };
  },
  tearDown: unmount,
};

/** The files of a downwardAPI volume or projection. Throws if an item names no field there is. */
export function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  options: { readonly defaultMode: number; readonly allocatable: VolumeContext["allocatable"] },
): VolumeFile[] {
  return items.map(({ path, mode, fieldRef, resourceFieldRef }) => ({
    path,
    mode: mode ?? options.defaultMode,
    content: new TextEncoder().encode(
      fieldRef
        ? podField(pod, fieldRef.fieldPath)
        : resourceField(pod, resourceFieldRef ?? { resource: "" }, options.allocatable),
    ),
  }));
}
