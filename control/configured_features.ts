import type { Clock } from "../shared/clock/clock.ts";
import type { Random } from "../shared/clock/random.ts";
import type { Log } from "../shared/log/log.ts";
import { auditMetrics } from "./audit/metrics.ts";
import { configuredAuthentication, configuredAuthorization } from "./configured_auth.ts";
import { openAuditor } from "./audit/open_auditor.ts";
import type { ValueCodec } from "./storage/value_codec.ts";
import type { ServerConfig } from "./config.ts";
import type { ApiServerOptions } from "./server/api_server.ts";
import type { Metrics } from "./server/metrics.ts";

/** How values are stored, if the configuration says anything about it. Throws ConfigError. */
export async function storageCodec(
  { encryptionProviderConfig: path }: ServerConfig,
): Promise<ValueCodec | undefined> {
  if (path === "") return undefined;
  // The ciphers make their tables when they are loaded, which is a tenth of a second of every start.
  const { encryptingCodec } = await import("./storage/encryption/encrypting_codec.ts");
  const { readEncryptionConfiguration } = await import(
    "./storage/encryption/encryption_configuration.ts"
  );
  return encryptingCodec(readEncryptionConfiguration({ path, text: Deno.readTextFileSync(path) }));
}

export interface FeatureDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What the configuration files ask for beyond the standard server. Throws ConfigError. */
export function configuredFeatures(
  config: ServerConfig,
  deps: FeatureDeps,
): Pick<ApiServerOptions, "auditor" | "limits" | "authentication" | "authorizers"> {
  const readFile = (path: string) => Deno.readTextFileSync(path);
  return {
    authentication: configuredAuthentication(config, { ...deps, readFile }),
    authorizers: configuredAuthorization(config, { ...deps, readFile }),
    limits: {
      maxReads: config.maxRequestsInflight,
      maxWrites: config.maxMutatingRequestsInflight,
      timeoutMs: config.requestTimeoutSeconds * 1000,
      priorityAndFairness: config.enablePriorityAndFairness,
    },
    auditor: openAuditor(config, {
      ...deps,
      metrics: auditMetrics(deps.metrics.registry),
      readFile,
    }),
  };
}
