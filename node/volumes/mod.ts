import { configMap } from "./config_map.ts";
import { downwardApi } from "./downward_api.ts";
import { emptyDir } from "./empty_dir.ts";
import { hostPath } from "./host_path.ts";
import { persistentVolumeClaim } from "./persistent_volume_claim.ts";
import type { VolumePlugin } from "./plugin.ts";
import { projected } from "./projected.ts";
import { secret } from "./secret.ts";

/** Every kind of volume that this node can mount. */
export const volumePlugins: readonly VolumePlugin<never>[] = [
  configMap,
  downwardApi,
  emptyDir,
  hostPath,
  persistentVolumeClaim,
  projected,
  secret,
];
