import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import { httpsTransport } from "../../shared/client/https_transport.ts";
import { parseKubeconfig } from "../../shared/client/kubeconfig.ts";
import { ConfigError } from "../../shared/config/settings.ts";
import type { Log } from "../../shared/log/log.ts";
import { Auditor } from "./auditor.ts";
import { batching } from "./batching.ts";
import type { AuditBackend, AuditMetrics } from "./event.ts";
import { logBackend } from "./log_backend.ts";
import { readAuditPolicy } from "./policy.ts";
import type { AuditConfig } from "./settings.ts";
import { truncating } from "./truncating.ts";
import { webhookBackend } from "./webhook_backend.ts";

export interface AuditorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: AuditMetrics;
  readonly readFile: (path: string) => string;
}

/** The audit that a configuration asks for; undefined: none. Throws ConfigError, or the file system's error. */
export function openAuditor(config: AuditConfig, deps: AuditorDeps): Auditor | undefined {
  const { auditPolicyFile, auditLogPath, auditWebhookConfigFile } = config;
  if (auditPolicyFile === "") return undefined;
  const policy = readAuditPolicy({ path: auditPolicyFile, text: deps.readFile(auditPolicyFile) });
  const backends = [
    ...(auditLogPath === "" ? [] : [openLog(config, deps)]),
    ...(auditWebhookConfigFile === "" ? [] : [openWebhook(config, deps)]),
  ];
  if (backends.length === 0) {
    throw new ConfigError(
      `Cannot use ${auditPolicyFile}: neither --audit-log-path nor --audit-webhook-config-file says where events go`,
    );
  }
  return new Auditor(policy, {
    ...deps,
    backend: backends.length === 1 ? backends[0]! : all(backends),
  });
}

function openLog(config: AuditConfig, deps: AuditorDeps): AuditBackend {
  const backend = logBackend({
    ...deps,
    path: config.auditLogPath,
    maxAgeDays: config.auditLogMaxAge,
    maxBackups: config.auditLogMaxBackup,
    maxSizeMb: config.auditLogMaxSize,
    strict: config.auditLogMode === "blocking-strict",
  });
  const bounded = config.auditLogTruncateEnabled ? truncated(backend, config, deps) : backend;
  if (config.auditLogMode !== "batch") return bounded;
  return batching(bounded, {
    ...deps,
    bufferSize: config.auditWebhookBatchBufferSize,
    maxBatchSize: config.auditWebhookBatchMaxSize,
    maxWaitMs: logWaitMs,
  });
}

/** A file is written to soon: nothing is gained by waiting. */
const logWaitMs = 1_000;

function openWebhook(config: AuditConfig, deps: AuditorDeps): AuditBackend {
  const path = config.auditWebhookConfigFile;
  const target = parseKubeconfig(deps.readFile(path), { readFile: deps.readFile });
  const backend = webhookBackend({
    ...deps,
    transport: httpsTransport(target, { clock: deps.clock }),
    initialBackoffMs: config.auditWebhookInitialBackoffSeconds * 1000,
    strict: config.auditWebhookMode === "blocking-strict",
  });
  const bounded = config.auditWebhookTruncateEnabled ? truncated(backend, config, deps) : backend;
  if (config.auditWebhookMode !== "batch") return bounded;
  return batching(bounded, {
    ...deps,
    bufferSize: config.auditWebhookBatchBufferSize,
    maxBatchSize: config.auditWebhookBatchMaxSize,
    maxWaitMs: config.auditWebhookBatchMaxWaitSeconds * 1000,
    throttle: { qps: 10, burst: 15 },
  });
}

function truncated(
  backend: AuditBackend,
  { auditTruncateMaxEventSize, auditTruncateMaxBatchSize }: AuditConfig,
  { metrics }: AuditorDeps,
): AuditBackend {
  return truncating(backend, {
    maxEventSize: auditTruncateMaxEventSize,
    maxBatchSize: auditTruncateMaxBatchSize,
    metrics,
  });
}

/** Every backend gets every event; one that fails does not keep it from the others. */
function all(backends: readonly AuditBackend[]): AuditBackend {
  return {
    name: "union",
    async process(events) {
      const kept = await Promise.all(backends.map((backend) => backend.process(events)));
      return kept.every(Boolean);
    },
    async close() {
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}
