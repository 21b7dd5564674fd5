import type { MetricRegistry } from "../../shared/metrics/metric_registry.ts";
import type { AuditMetrics } from "./event.ts";

/** `apiserver_audit_*` in a registry. */
export function auditMetrics(registry: MetricRegistry): AuditMetrics {
  const events = registry.counter({
    name: "apiserver_audit_event_total",
    help: "Audit events made and given to the backend.",
  }).with();
  const levels = registry.counter({
    name: "apiserver_audit_level_total",
    help: "Requests by the level that the policy wants of them.",
    labels: ["level"],
  });
  const rejected = registry.counter({
    name: "apiserver_audit_requests_rejected_total",
    help: "Requests refused because their event could not be kept.",
  }).with();
  const errors = registry.counter({
    name: "apiserver_audit_error_total",
    help: "Audit events that a plugin did not keep.",
    labels: ["plugin"],
  });
  return {
    event: () => events.inc(),
    level: (level) => levels.with(level).inc(),
    rejected: () => rejected.inc(),
    failed: (plugin, count) => errors.with(plugin).inc(count),
  };
}
