export function validateReplicationController(..._: unknown[]): readonly never[] {
  return [];
}
export function validateReplicationControllerStatus(..._: unknown[]): readonly never[] {
  return [];
}
