export function persistentVolumeClaimWarnings(..._: unknown[]): readonly never[] {
  return [];
}
export function persistentVolumeWarnings(..._: unknown[]): readonly never[] {
  return [];
}
