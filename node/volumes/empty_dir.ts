import type { EmptyDirVolumeSource } from "../../shared/api/core/v1/types.gen.ts";
import { asNumber, parseQuantity } from "../../shared/resource/quantity.ts";
import { shareDirectory } from "./ownership.ts";
import type { VolumePlugin } from "./plugin.ts";
import { mountTmpfs, unmount } from "./tmpfs.ts";

/** Room that lives as long as the pod, on disk or in memory. */
export const emptyDir: VolumePlugin<EmptyDirVolumeSource> = {
  sourceField: "emptyDir",
  async setUp({ pod, source, directory }, context) {
    const medium = source.medium ?? "";
    if (medium === "Memory") {
      const limit = source.sizeLimit && asNumber(parseQuantity(source.sizeLimit));
      await mountTmpfs(directory, context, limit || undefined);
    } else if (medium !== "") {
      throw new Error(`storage medium "${medium}" is not supported by this node`);
    }
    await shareDirectory(context.files, directory, pod);
    return { path: directory };
  },
  tearDown: unmount,
};
