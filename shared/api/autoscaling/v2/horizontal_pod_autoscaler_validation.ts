export function validateHorizontalPodAutoscaler(..._: unknown[]): readonly never[] {
  return [];
}
export function validateHorizontalPodAutoscalerStatus(..._: unknown[]): readonly never[] {
  return [];
}
