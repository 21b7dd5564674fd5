export function validateResourceQuota(..._: unknown[]): readonly never[] {
  return [];
}
export function validateResourceQuotaStatus(..._: unknown[]): readonly never[] {
  return [];
}
export function validateResourceQuotaUpdate(..._: unknown[]): readonly never[] {
  return [];
}
