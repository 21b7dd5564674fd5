import { isBetween, isOneOf, type Setting } from "../../shared/config/settings.ts";

/** Settings of the audit, under the reference's names. Without a policy file nothing is recorded. */
export interface AuditConfig {
  readonly auditPolicyFile: string;
  readonly auditLogPath: string;
  readonly auditLogMaxAge: number;
  readonly auditLogMaxBackup: number;
  readonly auditLogMaxSize: number;
  readonly auditLogMode: string;
  readonly auditLogTruncateEnabled: boolean;
  readonly auditWebhookConfigFile: string;
  readonly auditWebhookMode: string;
  readonly auditWebhookBatchBufferSize: number;
  readonly auditWebhookBatchMaxSize: number;
  readonly auditWebhookBatchMaxWaitSeconds: number;
  readonly auditWebhookInitialBackoffSeconds: number;
  readonly auditWebhookTruncateEnabled: boolean;
  readonly auditTruncateMaxEventSize: number;
  readonly auditTruncateMaxBatchSize: number;
}

const modes = ["batch", "blocking", "blocking-strict"];

const fileSettings: readonly Setting<keyof AuditConfig>[] = [
  {
    key: "auditPolicyFile",
    flag: "--audit-policy-file",
    value: "FILE",
    default: "",
    path: true,
    help: "which requests are recorded, and how much of them (audit.k8s.io/v1 Policy)",
  },
  {
    key: "auditLogPath",
    flag: "--audit-log-path",
    value: "FILE",
    default: "",
    path: true,
    help: "file that audit events are appended to, one JSON object a line",
  },
  {
    key: "auditLogMaxAge",
    flag: "--audit-log-maxage",
    value: "DAYS",
    default: 366,
    help: "how long old audit logs are kept; 0: for ever",
    check: isBetween(0, 36_500),
  },
  {
    key: "auditLogMaxBackup",
    flag: "--audit-log-maxbackup",
    value: "N",
    default: 100,
    help: "how many old audit logs are kept; 0: all",
    check: isBetween(0, 100_000),
  },
  {
    key: "auditLogMaxSize",
    flag: "--audit-log-maxsize",
    value: "MB",
    default: 100,
    help: "size at which a new audit log is begun; 0: never",
    check: isBetween(0, 1_000_000),
  },
  {
    key: "auditLogMode",
    flag: "--audit-log-mode",
    value: "MODE",
    default: "blocking",
    help: "batch, blocking or blocking-strict (a request fails whose event cannot be written)",
    check: isOneOf(modes),
  },
  {
    key: "auditLogTruncateEnabled",
    flag: "--audit-log-truncate-enabled",
    default: false,
    help: "leave the objects out of events that are too large",
  },
];

/** Every setting of the audit. */
export const auditSettings: readonly Setting<keyof AuditConfig>[] = [
  ...fileSettings,
  {
    key: "auditWebhookConfigFile",
    flag: "--audit-webhook-config-file",
    value: "FILE",
    default: "",
    path: true,
    help: "kubeconfig of a webhook that audit events are sent to",
  },
  {
    key: "auditWebhookMode",
    flag: "--audit-webhook-mode",
    value: "MODE",
    default: "batch",
    help: "batch, blocking or blocking-strict",
    check: isOneOf(modes),
  },
  {
    key: "auditWebhookBatchBufferSize",
    flag: "--audit-webhook-batch-buffer-size",
    value: "N",
    default: 10_000,
    help: "audit events that may wait for the webhook",
    check: isBetween(1, 1_000_000),
  },
  {
    key: "auditWebhookBatchMaxSize",
    flag: "--audit-webhook-batch-max-size",
    value: "N",
    default: 400,
    help: "audit events sent to the webhook at once",
    check: isBetween(1, 100_000),
  },
  {
    key: "auditWebhookBatchMaxWaitSeconds",
    flag: "--audit-webhook-batch-max-wait-seconds",
    value: "SECONDS",
    default: 30,
    help: "how long an audit event waits for others",
    check: isBetween(1, 3600),
  },
  {
    key: "auditWebhookInitialBackoffSeconds",
    flag: "--audit-webhook-initial-backoff-seconds",
    value: "SECONDS",
    default: 10,
    help: "how long the first retry waits",
    check: isBetween(1, 3600),
  },
  {
    key: "auditWebhookTruncateEnabled",
    flag: "--audit-webhook-truncate-enabled",
    default: false,
    help: "leave the objects out of events that are too large for the webhook",
  },
  {
    key: "auditTruncateMaxEventSize",
    flag: "--audit-truncate-max-event-size",
    value: "BYTES",
    default: 100 * 1024,
    help: "size above which an event is too large",
    check: isBetween(1, 100_000_000),
  },
  {
    key: "auditTruncateMaxBatchSize",
    flag: "--audit-truncate-max-batch-size",
    value: "BYTES",
    default: 10 * 1024 * 1024,
    help: "size of the events that are sent at once when truncating",
    check: isBetween(1, 100_000_000),
  },
];
