import type { TestCluster } from "./cluster.ts";

/** Tests by their sentences; they share one cluster and run in order, each in a namespace of its own. */
export type Scenarios = Readonly<Record<string, (cluster: TestCluster) => Promise<void>>>;
