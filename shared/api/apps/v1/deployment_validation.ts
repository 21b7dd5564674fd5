export function validateDeployment(..._: unknown[]): readonly never[] {
  return [];
}
export function validateDeploymentStatus(..._: unknown[]): readonly never[] {
  return [];
}
export function validateDeploymentUpdate(..._: unknown[]): readonly never[] {
  return [];
}
