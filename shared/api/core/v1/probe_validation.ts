import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { isHttpHeaderName, isPortName, isPortNumber } from "../../../meta/names.ts";
import { check, nonNegative, oneOf } from "../../validation.ts";
import type { HTTPGetAction, Lifecycle, LifecycleHandler, Probe } from "./types.gen.ts";

/** A liveness or startup probe: one success is enough, and there is no other way. */
export function validateLivenessProbe(
  probe: Probe | undefined,
  path: string,
): readonly FieldError[] {
  if (!probe) return [];
  const errors = [...validateProbe(probe, path)];
  if (probe.successThreshold !== 1) {
    errors.push(invalid(`${path}.successThreshold`, probe.successThreshold ?? 0, "must be 1"));
  }
  return errors;
}

/** A readiness probe: it never ends a container. */
export function validateReadinessProbe(
  probe: Probe | undefined,
  path: string,
): readonly FieldError[] {
  if (!probe) return [];
  const errors = [...validateProbe(probe, path)];
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined) {
    const detail = "must not be set for readinessProbes";
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, seconds, detail));
  }
  return errors;
}

/** What runs after a container starts and before it stops; a sleep must fit into the pod's grace period. */
export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  gracePeriod: number,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const hook of ["postStart", "preStop"] as const) {
    const handler = lifecycle?.[hook];
    if (handler) errors.push(...validateHandler(handler, gracePeriod, `${path}.${hook}`));
  }
  return errors;
}

function validateProbe(probe: Probe, path: string): readonly FieldError[] {
  const errors = [...validateHandler(probe, 0, path)];
  const counts = [
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
  ] as const;
  for (const field of counts) errors.push(...nonNegative(probe[field], `${path}.${field}`));
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(
      invalid(`${path}.terminationGracePeriodSeconds`, seconds, "must be greater than 0"),
    );
  }
  return errors;
}

function validateHandler(
  handler: LifecycleHandler & Pick<Probe, "grpc">,
  gracePeriod: number,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  let count = 0;
  const isFirst = (field: string) => {
    if (count++ === 0) return true;
    errors.push(forbidden(`${path}.${field}`, "may not specify more than 1 handler type"));
    return false;
  };
  if (exec && isFirst("exec") && !exec.command?.length) {
    errors.push(required(`${path}.exec.command`));
  }
  if (httpGet && isFirst("httpGet")) errors.push(...validateHttpGet(httpGet, `${path}.httpGet`));
  if (tcpSocket && isFirst("tcpSocket")) {
    errors.push(...validatePortNumberOrName(tcpSocket.port, `${path}.tcpSocket.port`));
  }
  if (grpc && isFirst("grpc")) {
    errors.push(...isPortNumber(grpc.port).map((m) => invalid(`${path}.grpc.port`, grpc.port, m)));
  }
  if (sleep && isFirst("sleep") && (sleep.seconds < 0 || sleep.seconds > gracePeriod)) {
    const detail =
      `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
    errors.push(invalid(`${path}.sleep`, sleep.seconds, detail));
  }
  if (count === 0) errors.push(required(path, "must specify a handler type"));
  return errors;
}

function validateHttpGet(action: HTTPGetAction, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (!action.path) errors.push(required(`${path}.path`));
  errors.push(...validatePortNumberOrName(action.port, `${path}.port`));
  errors.push(...oneOf(action.scheme, `${path}.scheme`, ["HTTP", "HTTPS"]));
  for (const { name } of action.httpHeaders ?? []) {
    errors.push(...check(name ?? "", `${path}.httpHeaders`, isHttpHeaderName));
  }
  return errors;
}

/** A port by number, or by the name that a container gave it. */
export function validatePortNumberOrName(
  port: number | string,
  path: string,
): readonly FieldError[] {
  const messages = typeof port === "number" ? isPortNumber(port) : isPortName(port);
  return messages.map((message) => invalid(path, port, message));
}
