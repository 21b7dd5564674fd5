import type { SecretVolumeSource } from "../../shared/api/core/v1/types.gen.ts";
import { writeAtomically } from "./atomic_writer.ts";
import { withFsGroup } from "./ownership.ts";
import { secretFiles } from "./payload.ts";
import type { VolumePlugin } from "./plugin.ts";
import { mountTmpfs, unmount } from "./tmpfs.ts";

/** A Secret's keys as files, in memory only. */
export const secret: VolumePlugin<SecretVolumeSource> = {
  sourceField: "secret",
  async setUp({ pod, source, directory }, context) {
    const ref = { namespace: pod.metadata.namespace ?? "", name: source.secretName ?? "" };
    const selection = { ...source, defaultMode: source.defaultMode ?? 0o644 };
    const files = await secretFiles(context.objects, ref, selection);
    await mountTmpfs(directory, context);
    await writeAtomically(directory, files.map((file) => withFsGroup(file, pod)), context);
    return { path: directory, readOnly: true };
  },
  tearDown: unmount,
};
