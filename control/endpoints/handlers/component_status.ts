import type { ComponentStatus } from "../../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import { notFoundError } from "../../registry/errors.ts";
import { negotiate } from "../negotiation.ts";
import type { ResourceRequest } from "../resource_request.ts";
import { respondObject, respondWith } from "../respond.ts";
import { tableOf } from "../../registry/table.ts";

/** Whether a part of the control plane is well; undefined: it is. */
export type ComponentCheck = () => string | undefined;

/** GET of componentstatuses: computed, never stored (deprecated since 1.19, still asked by `kubectl get cs`). */
export function componentStatuses(
  checks: Readonly<Record<string, ComponentCheck>>,
  clock: Clock,
): (request: ResourceRequest) => Promise<Response> {
  return (request) => {
    const { info, query, resource: { kind } } = request;
    const negotiated = negotiate(request.header("accept"), query);
    const now = clock.now();
    if (info.name !== "") {
      const check = checks[info.name];
      if (!check) throw notFoundError(kind, info.name);
      const object = statusOf(info.name, check());
      return Promise.resolve(respondObject(negotiated, kind, { object, now }));
    }
    const all = Object.entries(checks).map(([name, check]) => statusOf(name, check()));
    if (negotiated.as === "Table") {
      const { includeObject } = negotiated;
      const table = tableOf(kind, all, {}, { now, includeObject });
      return Promise.resolve(respondWith(negotiated, table));
    }
    const items = all.map(({ kind: _kind, apiVersion: _apiVersion, ...rest }) => rest);
    const list = { kind: "ComponentStatusList", apiVersion: "v1", metadata: {}, items };
    return Promise.resolve(respondWith({ ...negotiated, as: "" }, list));
  };
}

function statusOf(name: string, problem: string | undefined): ComponentStatus {
  const condition = problem === undefined
    ? { type: "Healthy", status: "True", message: "ok" }
    : { type: "Healthy", status: "False", error: problem };
  return {
    kind: "ComponentStatus",
    apiVersion: "v1",
    metadata: { name },
    conditions: [condition],
  };
}
