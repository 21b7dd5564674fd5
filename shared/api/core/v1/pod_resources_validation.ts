import { type FieldError, forbidden, invalid, notSupported } from "../../../meta/field_error.ts";
import { compareQuantities, parseQuantity } from "../../../resource/quantity.ts";
import { containerRequests, isPodLevelResource } from "./pod_level_resources.ts";
import { validateResourceValue } from "./resource_validation.ts";
import type { PodSpec } from "./types.gen.ts";

const supported = ["cpu", "hugepages-*", "memory"];

/** Resources of a pod as a whole (KEP-2837): they hold all that its containers ask for. */
export function validatePodResources(spec: PodSpec, path: string): readonly FieldError[] {
  const { limits = {}, requests = {}, claims } = spec.resources ?? {};
  if (!spec.resources) return [];
  const errors: FieldError[] = [];
  if (claims?.length) {
    errors.push(forbidden(`${path}.claims`, "claims may not be set for Resources at pod-level"));
  }
  for (const [field, list] of [["limits", limits], ["requests", requests]] as const) {
    for (const [name, value] of Object.entries(list).sort(([a], [b]) => a < b ? -1 : 1)) {
      const at = `${path}.${field}[${name}]`;
      if (!isPodLevelResource(name)) errors.push(notSupported(at, name, supported));
      errors.push(...validateResourceValue(name, value, at));
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) continue;
    if (compareQuantities(parseQuantity(request), parseQuantity(limit)) > 0) {
      const detail = `must be less than or equal to ${name} limit of ${limit}`;
      errors.push(invalid(`${path}.requests`, request, detail));
    }
  }
  return [...errors, ...validateContainersFit(spec, requests, path)];
}

function validateContainersFit(
  spec: PodSpec,
  requests: Readonly<Record<string, string>>,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, used] of containerRequests(spec)) {
    const request = requests[name];
    if (request === undefined || !isPodLevelResource(name)) continue;
    if (compareQuantities(used, parseQuantity(request)) > 0) {
      const detail =
        `must be greater than or equal to aggregate container requests of ${used.text}`;
      errors.push(invalid(`${path}.requests[${name}]`, request, detail));
    }
  }
  return errors;
}
