import { type FieldError, forbidden } from "../../../meta/field_error.ts";
import { isIp } from "../../../meta/addresses.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { check, immutable } from "../../validation.ts";
import type { ContainerStatus, Pod } from "./types.gen.ts";

/** What a node may not say about a pod. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): readonly FieldError[] {
  const { status = {} } = pod;
  const errors: FieldError[] = [];
  if (status.nominatedNodeName) {
    errors.push(
      ...check(status.nominatedNodeName, "status.nominatedNodeName", isDns1123Subdomain),
    );
  }
  const isSameClass = (status.qosClass ?? "") === (old.status?.qosClass ?? "");
  errors.push(...immutable(isSameClass, status.qosClass ?? "", "status.qosClass"));
  for (const field of ["containerStatuses", "initContainerStatuses"] as const) {
    errors.push(
      ...validateTransitions(status[field], old.status?.[field], {
        path: `status.${field}`,
        restartPolicy: old.spec?.restartPolicy ?? "",
      }),
    );
  }
  status.podIPs?.forEach(({ ip = "" }, i) => {
    errors.push(...check(ip, `status.podIPs[${i}]`, isIp));
  });
  status.hostIPs?.forEach(({ ip = "" }, i) => {
    errors.push(...check(ip, `status.hostIPs[${i}]`, isIp));
  });
  return errors;
}

/** A container that ended for good does not run again. */
function validateTransitions(
  statuses: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  options: { readonly path: string; readonly restartPolicy: string },
): readonly FieldError[] {
  if (options.restartPolicy === "Always") return [];
  const errors: FieldError[] = [];
  old?.forEach((before, i) => {
    const ended = before.state?.terminated;
    if (!ended || (options.restartPolicy === "OnFailure" && ended.exitCode !== 0)) return;
    const after = statuses?.find(({ name }) => name === before.name);
    if (after && !after.state?.terminated) {
      const detail = "may not be transitioned to non-terminated state";
      errors.push(forbidden(`${options.path}[${i}].state`, detail));
    }
  });
  return errors;
}
