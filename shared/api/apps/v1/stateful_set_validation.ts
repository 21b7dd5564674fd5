export function validateStatefulSet(..._: unknown[]): readonly never[] {
  return [];
}
export function validateStatefulSetName(..._: unknown[]): readonly never[] {
  return [];
}
export function validateStatefulSetStatus(..._: unknown[]): readonly never[] {
  return [];
}
