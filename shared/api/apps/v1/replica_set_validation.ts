export function validateReplicaSet(..._: unknown[]): readonly never[] {
  return [];
}
export function validateReplicaSetStatus(..._: unknown[]): readonly never[] {
  return [];
}
export function validateReplicaSetUpdate(..._: unknown[]): readonly never[] {
  return [];
}
