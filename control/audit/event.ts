import type { UserInfo } from "../../shared/api/authentication/v1/types.gen.ts";
import type { Status } from "../../shared/meta/types.gen.ts";

/** How much of a request is recorded, in rising order. */
export const levels = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type Level = (typeof levels)[number];

/** When of a request an event is recorded. */
export const stages = [
  "RequestReceived",
  "ResponseStarted",
  "ResponseComplete",
  "Panic",
] as const;
export type Stage = (typeof stages)[number];

/** Whether `level` records at least as much as `least`. */
export function atLeast(level: Level, least: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(least);
}

export interface ObjectReference {
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion?: string;
  resourceVersion?: string;
  subresource?: string;
}

/** `audit.k8s.io/v1` Event, its fields in the reference's order. Times are `metav1.MicroTime`. */
export interface AuditEvent {
  readonly kind: "Event";
  readonly apiVersion: "audit.k8s.io/v1";
  readonly level: Level;
  readonly auditID: string;
  readonly stage: Stage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: UserInfo;
  readonly impersonatedUser?: UserInfo;
  readonly sourceIPs?: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: ObjectReference;
  readonly responseStatus?: Partial<Status>;
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Where events go. A set of events that cannot be kept is counted and logged by the backend itself. */
export interface AuditBackend {
  /** Names the backend in metrics: `log`, `webhook`, … */
  readonly name: string;
  /** False if an event was lost and the request must fail for it (`blocking-strict`). */
  process(events: readonly AuditEvent[]): boolean | Promise<boolean>;
  /** Sends what waits. Called once, after the last event. */
  close(): Promise<void>;
}

/** What the audit counts about itself (`apiserver_audit_*`). */
export interface AuditMetrics {
  event(): void;
  level(level: Level): void;
  rejected(): void;
  /** `count` events that `plugin` did not keep. */
  failed(plugin: string, count: number): void;
}
