export function validatePodTemplateSpec(..._: unknown[]): readonly never[] {
  return [];
}
