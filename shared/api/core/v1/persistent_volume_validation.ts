export function validatePersistentVolume(..._: unknown[]): readonly never[] {
  return [];
}
export function validatePersistentVolumeUpdate(..._: unknown[]): readonly never[] {
  return [];
}
