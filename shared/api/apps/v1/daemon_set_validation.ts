export function validateDaemonSet(..._: unknown[]): readonly never[] {
  return [];
}
export function validateDaemonSetStatus(..._: unknown[]): readonly never[] {
  return [];
}
export function validateDaemonSetUpdate(..._: unknown[]): readonly never[] {
  return [];
}
