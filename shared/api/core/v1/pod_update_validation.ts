export function validatePodUpdate(..._: unknown[]): readonly never[] {
  return [];
}
