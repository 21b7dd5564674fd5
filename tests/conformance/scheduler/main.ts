/**
 * Compares our scheduler's decisions with the real kube-scheduler's on random clusters:
 * `deno run -A tests/conformance/scheduler/main.ts [--cases N] [--seed N] [--preempt] [--profiles] [--show N]`.
 * `--profiles` takes the configurations of `profiles.ts` by turn.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { readSchedulerConfiguration } from "../../../control/scheduler/configuration/read_configuration.ts";
import { randomCluster } from "../../../control/scheduler/testing/random_cluster.ts";
import { differences } from "./compare.ts";
import { decide } from "./decisions.ts";
import { configurations } from "./profiles.ts";
import { buildOracle, startOracle } from "./oracle.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    show: { type: "string", default: "5" },
    preempt: { type: "boolean", default: false },
    profiles: { type: "boolean", default: false },
  },
});
const built = await buildOracle();
if (typeof built !== "string") {
  console.log(`skipped: ${built.reason}`);
  Deno.exit(0);
}
const { preempt } = values;
const variants = values.profiles
  ? configurations.map(([, profile]) => {
    const config = {
      apiVersion: "kubescheduler.config.k8s.io/v1",
      kind: "KubeSchedulerConfiguration",
      profiles: [profile],
    };
    return { config, profile: readSchedulerConfiguration(JSON.stringify(config)).profiles[0]! };
  })
  : [];
const [cases, first, show] = [values.cases, values.seed, values.show].map(Number);
const oracle = startOracle(built);
const kinds = new Map<string, number>();
let differing = 0;
let feasible = 0;
for (let seed = first!; seed < first! + cases!; seed++) {
  const cluster = randomCluster(seed);
  const { config, profile } = variants[seed % variants.length] ?? {};
  const theirs = await oracle.ask(cluster, { preempt, config });
  const ours = decide(cluster, { preempt, ...(profile && { profile }) });
  if (theirs.scores) feasible++;
  const found = differences(ours, theirs);
  if (found.length === 0) continue;
  differing++;
  for (const line of found) {
    const kind = line.replace(/node-\d+/g, "node").replace(/[0-9]+/g, "#").slice(0, 160);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  if (differing <= show!) console.log(`seed ${seed}:\n  ${found.join("\n  ")}`);
}
await oracle.stop();
const sorted = [...kinds].sort(([, a], [, b]) => b - a).slice(0, 25);
for (const [kind, count] of sorted) console.log(`${count} x ${kind}`);
console.log(`${cases} clusters from seed ${first}, ${feasible} with a place: ${differing} differ`);
Deno.exit(differing === 0 ? 0 : 1);
