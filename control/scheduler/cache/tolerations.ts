import type { Taint, Toleration } from "../../../shared/api/core/v1/types.gen.ts";

/** Whether one of `tolerations` covers `taint`. */
export function isTolerated(taint: Taint, tolerations: readonly Toleration[]): boolean {
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}

/** Whether all of `taints` that keep pods away (NoSchedule, NoExecute) are tolerated. */
export function toleratesAll(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): boolean {
  for (const taint of taints) {
    if (taint.effect !== "PreferNoSchedule" && !isTolerated(taint, tolerations)) return false;
  }
  return true;
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  switch (toleration.operator) {
    case undefined:
    case "":
    case "Equal":
      return (toleration.value ?? "") === (taint.value ?? "");
    case "Exists":
      return true;
    case "Lt":
    case "Gt":
      return comparison(toleration, taint);
    default:
      return false;
  }
}

/** KEP-5471: the taint's number is compared with the toleration's; what is no integer is not tolerated. */
function comparison({ operator, value }: Toleration, taint: Taint): boolean {
  const integer = /^(0|-?[1-9][0-9]*)$/;
  if (!integer.test(value ?? "") || !integer.test(taint.value ?? "")) return false;
  const actual = BigInt(taint.value!);
  const bound = BigInt(value!);
  return operator === "Lt" ? actual < bound : actual > bound;
}
