import { isBetween, type Setting } from "../../shared/config/settings.ts";

/** Settings of how much is done at once, under the reference's names. */
export interface LimitsConfig {
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly requestTimeoutSeconds: number;
  readonly enablePriorityAndFairness: boolean;
}

/** Every setting of the limits. */
export const limitsSettings: readonly Setting<keyof LimitsConfig>[] = [
  {
    key: "maxRequestsInflight",
    flag: "--max-requests-inflight",
    value: "N",
    default: 400,
    help: "reads under way at most; with priority and fairness, both limits together are its seats",
    check: isBetween(1, 100_000),
  },
  {
    key: "maxMutatingRequestsInflight",
    flag: "--max-mutating-requests-inflight",
    value: "N",
    default: 200,
    help: "writes under way at most",
    check: isBetween(1, 100_000),
  },
  {
    key: "requestTimeoutSeconds",
    flag: "--request-timeout",
    value: "SECONDS",
    default: 60,
    help: "how long a request may take, watches and other long-running ones apart",
    check: isBetween(1, 3600),
  },
  {
    key: "enablePriorityAndFairness",
    flag: "--enable-priority-and-fairness",
    default: true,
    help: "share what can be done at once by priority levels (FlowSchemas)",
  },
];
