import type { Pod, Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import type { AdmissionPlugin } from "../plugin.ts";

const SECONDS = 300;

/** Lets pods stay for five minutes on a node that is not ready or cannot be reached, unless they say otherwise. */
export function defaultTolerationSeconds(): AdmissionPlugin {
  return {
    name: "DefaultTolerationSeconds",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "pods" && subresource === "" &&
      (operation === "CREATE" || operation === "UPDATE"),
    admit({ object }) {
      const spec = (object as Pod).spec!;
      for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
        if (spec.tolerations?.some((toleration) => tolerates(toleration, key))) continue;
        (spec.tolerations ??= []).push({
          key,
          operator: "Exists",
          effect: "NoExecute",
          tolerationSeconds: SECONDS,
        });
      }
    },
  };
}

function tolerates({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === "NoExecute");
}
