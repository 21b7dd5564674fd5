export function validateNamespace(..._: unknown[]): readonly never[] {
  return [];
}
export function validateNamespaceStatus(..._: unknown[]): readonly never[] {
  return [];
}
