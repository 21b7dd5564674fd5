export function validatePersistentVolumeClaim(..._: unknown[]): readonly never[] {
  return [];
}
export function validatePersistentVolumeClaimStatus(..._: unknown[]): readonly never[] {
  return [];
}
export function validatePersistentVolumeClaimUpdate(..._: unknown[]): readonly never[] {
  return [];
}
