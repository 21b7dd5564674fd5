import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Authorizer } from "../server/request_context.ts";
import type { AdmissionReader } from "./plugin.ts";

/**
 * Writes what quotas count. Called by the ResourceQuota plugin alone, one call at a time for each namespace.
 */
export interface QuotaWriter {
  /**
   * Sets `status.used` of a ResourceQuota if it is still at `resourceVersion`; false if it is not. `used` holds only
   * the amounts that change.
   */
  updateUsed(
    quota: { readonly namespace: string; readonly name: string },
    resourceVersion: string,
    used: Readonly<Record<string, string>>,
  ): Promise<boolean>;
}

/** What the standard plugins work with. */
export interface PluginDependencies {
  readonly reader: AdmissionReader;
  readonly authorizer: Authorizer;
  readonly quotas: QuotaWriter;
  readonly clock: Clock;
  readonly random: Random;
}
