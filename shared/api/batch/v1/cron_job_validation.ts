export function validateCronJob(..._: unknown[]): readonly never[] {
  return [];
}
export function validateCronJobName(..._: unknown[]): readonly never[] {
  return [];
}
