import type {
  APIService,
  APIServiceCondition,
} from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import type { EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";

/** Whether a group and version can be asked for, and why (not). */
export type Availability = Pick<APIServiceCondition, "status" | "reason" | "message">;

export const passed: Availability = {
  status: "True",
  reason: "Passed",
  message: "all checks passed",
};

/** As the reference's controller of local services. */
export const local: Availability = {
  status: "True",
  reason: "Local",
  message: "Local APIServices are always available",
};

/** What the last attempt to reach the server came to. */
export function failedCheck(error: Error): Availability {
  return { status: "False", reason: "FailedDiscoveryCheck", message: error.message };
}

/**
 * What is wrong with a remote APIService by the objects alone; undefined: its server is to be asked. Source:
 * kube-aggregator's AvailableConditionController.
 */
export function serviceProblem(
  { spec }: APIService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Availability | undefined {
  const { name = "", namespace = "", port = 443 } = spec?.service ?? {};
  const what = `service/${name} in ${JSON.stringify(namespace)}`;
  const problem = (reason: string, message: string): Availability => ({
    status: "False",
    reason,
    message,
  });
  if (!service) return problem("ServiceNotFound", `${what} is not present`);
  if ((service.spec?.type ?? "ClusterIP") !== "ClusterIP") return undefined;
  const found = service.spec?.ports?.find((one) => one.port === port);
  if (!found) return problem("ServicePortError", `${what} is not listening on port ${port}`);
  if (slices.length === 0) {
    return problem("EndpointsNotFound", `cannot find endpointslices for ${what}`);
  }
  const portName = found.name ?? "";
  if (slices.some((slice) => isServing(slice, portName))) return undefined;
  const message = `endpointslices for ${what} have no addresses with port name ${
    JSON.stringify(portName)
  }`;
  return problem("MissingEndpoints", message);
}

function isServing({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  return (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
    (ports ?? []).some(({ name = "", port }) => name === portName && port !== undefined);
}

/** The conditions with this one among them; the same list if it is there already. Times change with the status only. */
export function withAvailability(
  conditions: readonly APIServiceCondition[] | undefined,
  wanted: Availability,
  now: string,
): readonly APIServiceCondition[] {
  const list = conditions ?? [];
  const current = list.find(({ type }) => type === "Available");
  const same = current?.status === wanted.status;
  if (same && current?.reason === wanted.reason && current?.message === wanted.message) return list;
  const next = {
    type: "Available",
    status: wanted.status,
    lastTransitionTime: same ? current?.lastTransitionTime ?? now : now,
    reason: wanted.reason,
    message: wanted.message,
  };
  return current ? list.map((one) => one === current ? next : one) : [...list, next];
}
