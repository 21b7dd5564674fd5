import assert from "node:assert/strict";
import { pluginsAt } from "./plugins_at.ts";
import { readSchedulerConfiguration } from "./read_configuration.ts";
import { defaultConfiguration, defaultPlugins } from "./scheduler_configuration.ts";

const head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";

Deno.test("readSchedulerConfiguration() fills in what kube-scheduler does without a file", () => {
  const { profiles: [profile], ...rest } = readSchedulerConfiguration(head);
  const { profiles: [standard], ...restStandard } = defaultConfiguration;
  assert.deepEqual(rest, restStandard);
  assert.deepEqual(profile, { ...standard, percentageOfNodesToScore: undefined });
});

Deno.test("readSchedulerConfiguration() lays plugins and arguments over the defaults", () => {
  const { profiles, podMaxBackoffMs } = readSchedulerConfiguration(`${head}
podMaxBackoffSeconds: 20
leaderElection: { leaderElect: true }
profiles:
- schedulerName: packing
  percentageOfNodesToScore: 70
  plugins:
    score:
      disabled: [{ name: ImageLocality }]
      enabled: [{ name: NodeResourcesFit, weight: 5 }]
    multiPoint:
      disabled: [{ name: InterPodAffinity }]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{ name: cpu, weight: 3 }]
        requestedToCapacityRatio:
          shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }]
- schedulerName: default-scheduler
`);
  assert.equal(podMaxBackoffMs, 20_000);
  const [packing] = profiles;
  assert.equal(packing!.percentageOfNodesToScore, 70);
  assert.deepEqual(packing!.args.NodeResourcesFit.scoringStrategy, {
    type: "RequestedToCapacityRatio",
    resources: [{ name: "cpu", weight: 3 }],
    shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }],
  });
  const scores = new Set(["NodeResourcesFit", "ImageLocality", "InterPodAffinity", "NodeAffinity"]);
  assert.deepEqual(pluginsAt("score", packing!.plugins, (name) => scores.has(name)), [
    { name: "NodeResourcesFit", weight: 5 },
    { name: "NodeAffinity", weight: 2 },
  ]);
  assert.deepEqual(profiles[1]!.plugins, defaultPlugins);
});

const refusals: readonly { title: string; text: string; says: string }[] = [
  { title: "another kind", text: "kind: Pod", says: "not a KubeSchedulerConfiguration of " },
  { title: "an unknown field", text: `${head}profile: []`, says: "profile: unknown field" },
  {
    title: "two profiles of one name",
    text: `${head}profiles: [{ schedulerName: a }, { schedulerName: a }]`,
    says: 'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
  },
  {
    title: "several profiles without a name",
    text: `${head}profiles: [{ schedulerName: a }, {}]`,
    says: "profiles[1].schedulerName: Required value",
  },
  {
    title: "a share that is none",
    text: `${head}percentageOfNodesToScore: 101`,
    says: "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]",
  },
  {
    title: "a back-off that ends before it begins",
    text: `${head}podInitialBackoffSeconds: 5\npodMaxBackoffSeconds: 2`,
    says: "podMaxBackoffSeconds: Invalid value: 2: must be greater than or equal to " +
      "PodInitialBackoffSeconds",
  },
  {
    title: "a weight out of range",
    text: `${head}profiles: [{ pluginConfig: [{ name: InterPodAffinity, args: ` +
      "{ hardPodAffinityWeight: 101 } }] }]",
    says: "profiles[0].pluginConfig[0].args.hardPodAffinityWeight: Invalid value: 101: " +
      "not in valid range [0, 100]",
  },
  {
    title: "a strategy that does not exist",
    text: `${head}profiles: [{ pluginConfig: [{ name: NodeResourcesFit, args: ` +
      "{ scoringStrategy: { type: Best } } }] }]",
    says: 'profiles[0].pluginConfig[0].args.scoringStrategy.type: Unsupported value: "Best": ' +
      'supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
  },
  {
    title: "extenders",
    text: `${head}extenders: [{ urlPrefix: "http://x" }]`,
    says: "extenders: Forbidden: extenders are not served",
  },
];

for (const { title, text, says } of refusals) {
  Deno.test(`readSchedulerConfiguration() refuses ${title}`, () => {
    assert.throws(() => readSchedulerConfiguration(text), (error: Error) => {
      assert.ok(error.message.startsWith(says), error.message);
      return true;
    });
  });
}
