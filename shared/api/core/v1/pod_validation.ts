export function validatePod(..._: unknown[]): readonly never[] {
  return [];
}
