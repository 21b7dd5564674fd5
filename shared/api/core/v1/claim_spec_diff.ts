import { internalText } from "../../internal_value.ts";
import { unifiedDiff } from "../../unified_diff.ts";
import type { PersistentVolumeClaimSpec } from "./types.gen.ts";

/** How a claim's spec would change, as the reference shows it below its refusal. */
export function claimSpecDiff(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec,
): string {
  const text = (of: PersistentVolumeClaimSpec) =>
    internalText("k8s.io.api.core.v1.PersistentVolumeClaimSpec", of);
  return unifiedDiff(text(old), text(spec));
}
