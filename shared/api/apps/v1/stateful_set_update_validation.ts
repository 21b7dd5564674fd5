export function validateStatefulSetUpdate(..._: unknown[]): readonly never[] {
  return [];
}
