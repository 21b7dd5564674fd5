export function validatePodStatusUpdate(..._: unknown[]): readonly never[] {
  return [];
}
