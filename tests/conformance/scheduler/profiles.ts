/** Configurations under which decisions are compared besides the default one. Each is what a user would write. */
export const configurations:
  readonly (readonly [title: string, profile: Record<string, unknown>])[] = [
    [
      "bin packing",
      fit({ type: "MostAllocated", resources: [{ name: "cpu", weight: 3 }, { name: "memory" }] }),
    ],
    [
      "a line of one's own",
      fit({
        type: "RequestedToCapacityRatio",
        resources: [{ name: "cpu", weight: 2 }, { name: "example.com/gpu", weight: 5 }],
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: 8 },
            { utilization: 40, score: 10 },
            { utilization: 100, score: 1 },
          ],
        },
      }),
    ],
    [
      "added affinity",
      args("NodeAffinity", {
        addedAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "disk", operator: "Exists" }] }],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [{
            weight: 20,
            preference: { matchExpressions: [{ key: "disk", operator: "In", values: ["ssd"] }] },
          }],
        },
      }),
    ],
    [
      "default constraints",
      args("PodTopologySpread", {
        defaultingType: "List",
        defaultConstraints: [
          {
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "DoNotSchedule",
          },
          { maxSkew: 2, topologyKey: "rack", whenUnsatisfiable: "ScheduleAnyway" },
        ],
      }),
    ],
    [
      "weights of affinity",
      args("InterPodAffinity", {
        hardPodAffinityWeight: 40,
        ignorePreferredTermsOfExistingPods: true,
      }),
    ],
    [
      "more resources in balance",
      args("NodeResourcesBalancedAllocation", {
        resources: [
          { name: "cpu", weight: 1 },
          { name: "memory", weight: 1 },
          { name: "ephemeral-storage", weight: 1 },
          { name: "example.com/gpu", weight: 1 },
        ],
      }),
    ],
    ["ignored resources", args("NodeResourcesFit", { ignoredResourceGroups: ["example.com"] })],
    ["fewer plugins", {
      plugins: {
        multiPoint: { disabled: [{ name: "InterPodAffinity" }, { name: "ImageLocality" }] },
        score: { enabled: [{ name: "TaintToleration", weight: 7 }] },
        filter: { disabled: [{ name: "NodePorts" }], enabled: [{ name: "TaintToleration" }] },
      },
    }],
  ];

function fit(scoringStrategy: unknown) {
  return args("NodeResourcesFit", { scoringStrategy });
}

function args(name: string, given: Record<string, unknown>) {
  const typed = { apiVersion: "kubescheduler.config.k8s.io/v1", kind: `${name}Args`, ...given };
  return { pluginConfig: [{ name, args: typed }] };
}
