import type { Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { staticInformers } from "../../../shared/informer/static_informers.ts";
import { Nominations } from "../cache/nominations.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import { PodInfo } from "../cache/pod_info.ts";
import { SchedulerCache } from "../cache/scheduler_cache.ts";
import {
  defaultProfile,
  type ProfileConfiguration,
} from "../configuration/scheduler_configuration.ts";
import { Cycle } from "../cycle.ts";
import type { PluginHandle, Preemption, Rejection } from "../framework.ts";
import { createProfile, type Profile } from "../profile.ts";
import { Placer } from "../schedule_one.ts";

/** What a cluster is made of, as far as placement looks at it. */
export interface ClusterObjects {
  readonly nodes: readonly Node[];
  /** Pods that are on nodes, or are nominated to one. */
  readonly pods: readonly Pod[];
  /** Everything else that plugins read. */
  readonly others?: readonly (readonly [Resource, KubeObject])[];
}

/** Why a pod does not fit a node, and which plugin says so. */
export interface NodeVerdict {
  readonly plugin: string;
  readonly rejection: Rejection;
}

/** Where a pod fits. */
export interface Judgement {
  /** The nodes that fit. */
  readonly feasible: readonly NodeInfo[];
  /** Why not, of all other nodes. Empty if `refused` says it for all at once. */
  readonly verdicts: ReadonlyMap<NodeInfo, NodeVerdict>;
  /** Given if no node was looked at. */
  readonly refused?: NodeVerdict;
}

/**
 * A cluster at rest with a profile's plugins: says of any pod where it fits, by the very filters that the scheduler uses.
 * Nothing is written, and nothing moves by itself.
 */
export class ClusterModel {
  readonly cache = new SchedulerCache();
  readonly nominations = new Nominations();
  readonly profile: Profile;
  /** What post filters asked for. */
  readonly preemptions: Preemption[] = [];

  constructor(
    { nodes, pods, others = [] }: ClusterObjects,
    configuration: ProfileConfiguration = defaultProfile,
  ) {
    for (const node of nodes) this.cache.setNode(node);
    for (const pod of pods) this.#place(new PodInfo(pod));
    const informers = staticInformers(others);
    const handle: PluginHandle = {
      cluster: this.cache,
      client: unusable,
      lister: (resource) => informers.of(resource),
      random: () => 0,
      preempt: (preemption) => void this.preemptions.push(preemption),
      within: refuse,
      waitFor: refuse,
    };
    this.profile = createProfile(handle, configuration);
  }

  /** Asks the filters about every node. Throws what a plugin failed with. */
  judge(pod: Pod): Judgement {
    const prepared = Cycle.prepare(new PodInfo(pod), this.profile, this.nominations);
    const verdicts = new Map<NodeInfo, NodeVerdict>();
    if ("stopped" in prepared) {
      const { stopped, plugin } = prepared;
      if (stopped.code === "Error") throw stopped.error;
      return { feasible: [], verdicts, refused: { plugin, rejection: stopped } };
    }
    const { cycle } = prepared;
    const feasible: NodeInfo[] = [];
    for (const node of this.cache.nodes()) {
      const rejection = cycle.isNarrowedTo(node) ? cycle.filter(node) : cycle.narrowed;
      if (rejection.code === "Success") feasible.push(node);
      else if (rejection.code === "Error") throw rejection.error;
      else {
        const plugin = cycle.isNarrowedTo(node) ? cycle.rejectedBy : cycle.narrowedBy[0]!;
        verdicts.set(node, { plugin, rejection });
      }
    }
    return { feasible, verdicts };
  }

  /** The weighted scores of nodes, by plugin, in the order of `nodes`; plugins that have nothing to say are absent. */
  scores(pod: Pod, nodes: readonly NodeInfo[]): ReadonlyMap<string, Float64Array> {
    return this.#placer().scoresByPlugin(new PodInfo(pod), nodes);
  }

  /** What the scheduler would do with the pod now. */
  place(pod: Pod): ReturnType<Placer["place"]> {
    return this.#placer().place(new PodInfo(pod));
  }

  #placer(): Placer {
    const { profile, cache: cluster, nominations } = this;
    return new Placer({ profile, cluster, nominations, random: () => 0 });
  }

  #place(pod: PodInfo): void {
    if (pod.nodeName !== undefined) this.cache.setPod(pod);
    else if (pod.nominatedNodeName !== undefined) {
      this.nominations.set(pod, pod.nominatedNodeName);
    }
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new TypeError("Cannot act: this is a model of a cluster"));
}

/** Filters and scores read what the listers have; only binding writes, and a model binds nothing. */
const unusable = {} as Client;
