import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { Nominations } from "../cache/nominations.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { SchedulerCache } from "../cache/scheduler_cache.ts";
import { defaultPluginArgs, type PluginArgs } from "../configuration/plugin_args.ts";
import { Cycle, type CycleProfile } from "../cycle.ts";
import type { Plugin, PluginFactory, PluginHandle, Preemption, Verdict } from "../framework.ts";
import { MemoryApi } from "./memory_api.ts";
import { waitForObject } from "../wait_for_object.ts";

export interface FixtureOptions {
  readonly nodes: readonly Node[];
  /** Placed pods: `spec.nodeName` says where. */
  readonly pods?: readonly Pod[];
  readonly args?: Partial<PluginArgs>;
  /** Anything else that plugins read. */
  readonly objects?: readonly (readonly [Resource, KubeObject])[];
}

/** A cluster at rest with one plugin to ask. */
export class PluginFixture {
  readonly api = new MemoryApi();
  readonly cache = new SchedulerCache();
  readonly preemptions: Preemption[] = [];
  readonly plugin: Plugin;
  readonly handle: PluginHandle;
  readonly #profile: CycleProfile;

  constructor(make: PluginFactory, { nodes, pods = [], objects = [], args = {} }: FixtureOptions) {
    for (const node of nodes) this.cache.setNode(node);
    for (const pod of pods) this.cache.setPod(new PodInfo(pod));
    for (const [resource, object] of objects) this.api.put(resource, object);
    this.handle = {
      cluster: this.cache,
      client: this.api.client,
      lister: (resource) => this.api.of(resource),
      random: () => 0,
      preempt: (preemption) => void this.preemptions.push(preemption),
      within: (_ms, task) => task(new AbortController().signal),
      waitFor: (resource, key, test, signal) =>
        waitForObject(this.api.of(resource), { key, test, signal }),
    };
    this.plugin = make(this.handle, { ...defaultPluginArgs, ...args });
    this.#profile = {
      preFilters: this.plugin.preFilter ? [this.plugin] : [],
      filters: this.plugin.filter ? [this.plugin] : [],
    };
  }

  /** Reasons by node; "" where the pod fits. A preFilter rejection is under "*". */
  verdicts(pod: Pod): Record<string, string> {
    const prepared = Cycle.prepare(new PodInfo(pod), this.#profile, new Nominations());
    if ("stopped" in prepared) return { "*": textOf(prepared.stopped) };
    return Object.fromEntries(
      this.cache.nodes().map((node) => [node.name, textOf(prepared.cycle.filter(node))]),
    );
  }

  /** Normalised scores by node; undefined if the plugin skips the pod. */
  scores(pod: Pod): Record<string, number> | undefined {
    const info = new PodInfo(pod);
    const nodes = this.cache.nodes();
    const prepared = this.plugin.preScore?.(info, nodes);
    if (prepared?.code === "Skip") return undefined;
    const state = prepared?.state;
    const scores = Float64Array.from(nodes, (node) => this.plugin.score!(info, node, state));
    this.plugin.normalize?.(scores, nodes, state);
    return Object.fromEntries(nodes.map(({ name }, index) => [name, scores[index]!]));
  }
}

/** A pair for `objects`. */
export function stored<T extends KubeObject>(
  resource: Resource<T>,
  object: Partial<T>,
): readonly [Resource, KubeObject] {
  const { kind } = resource;
  const full = { apiVersion: "v1", kind, ...object } as unknown as KubeObject;
  return [resource as unknown as Resource, full];
}

/** A namespace with labels, for `objects`. */
export function storedNamespace(name: string, labels: Record<string, string>) {
  return stored(resources.namespaces, { metadata: { name, labels } });
}

function textOf(verdict: Verdict): string {
  switch (verdict.code) {
    case "Success":
      return "";
    case "Error":
      return `error: ${verdict.error.message}`;
    case "Unschedulable":
      return verdict.reasons.join(", ");
    case "UnschedulableAndUnresolvable":
      return `! ${verdict.reasons.join(", ")}`;
  }
}
