import type { Nominations } from "./cache/nominations.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import {
  type DryRun,
  type Failure,
  isRejection,
  type Plugin,
  type Rejection,
  success,
  unresolvable,
  type Verdict,
} from "./framework.ts";
import type { Profile } from "./profile.ts";

interface Active {
  readonly plugin: Plugin;
  readonly state: unknown;
}

/** The plugins of a profile that say where a pod fits. */
export type CycleProfile = Pick<Profile, "preFilters" | "filters">;

/** What preFilter came to: a cycle to go on with, or why there is none. */
export type Prepared =
  | { readonly cycle: Cycle }
  | { readonly stopped: Rejection | Failure; readonly plugin: string };

/** One pod's way through the filters: the plugins that care for it, with what they prepared. */
export class Cycle {
  readonly pod: PodInfo;
  /** The only nodes worth a look, and which plugins say so. */
  readonly nodeNames: ReadonlySet<string> | undefined;
  readonly narrowedBy: readonly string[];
  /** The plugin that gave the last rejection. */
  rejectedBy = "";
  readonly #filters: readonly Active[];
  readonly #nominations: Nominations;

  private constructor(
    pod: PodInfo,
    filters: readonly Active[],
    options: {
      readonly nominations: Nominations;
      readonly nodeNames?: ReadonlySet<string> | undefined;
      readonly narrowedBy?: readonly string[];
    },
  ) {
    this.pod = pod;
    this.#filters = filters;
    this.#nominations = options.nominations;
    this.nodeNames = options.nodeNames;
    this.narrowedBy = options.narrowedBy ?? [];
  }

  /** Runs preFilter of all plugins. */
  static prepare(pod: PodInfo, profile: CycleProfile, nominations: Nominations): Prepared {
    const states = new Map<Plugin, unknown>();
    const skipped = new Set<Plugin>();
    const narrowedBy: string[] = [];
    let nodeNames: ReadonlySet<string> | undefined;
    for (const plugin of profile.preFilters) {
      const result = plugin.preFilter!(pod);
      if (result.code === "Skip") {
        skipped.add(plugin);
        continue;
      }
      if (result.code !== "Success") return { stopped: result, plugin: plugin.name };
      if (result.nodeNames) {
        narrowedBy.push(plugin.name);
        nodeNames = nodeNames?.intersection(result.nodeNames) ?? result.nodeNames;
      }
      states.set(plugin, result.state);
    }
    const filters = profile.filters
      .filter((plugin) => !skipped.has(plugin) && (!plugin.preFilter || states.has(plugin)))
      .map((plugin) => ({ plugin, state: states.get(plugin) }));
    if (nodeNames?.size === 0) {
      const reasons = [`node(s) didn't satisfy plugin(s) ${goList(narrowedBy)} simultaneously`];
      const stopped: Rejection = { code: "UnschedulableAndUnresolvable", reasons };
      return { stopped, plugin: narrowedBy[0]! };
    }
    return { cycle: new Cycle(pod, filters, { nominations, nodeNames, narrowedBy }) };
  }

  /** Whether a node is worth a look. */
  isNarrowedTo(node: NodeInfo): boolean {
    return this.nodeNames === undefined || this.nodeNames.has(node.name);
  }

  /** Why a node that is not worth a look does not fit. */
  get narrowed(): Rejection {
    return unresolvable(`node(s) didn't satisfy plugin(s) ${goList(this.narrowedBy)}`);
  }

  /** Whether the pod fits a node, also beside the pods that wait for room there and come first. */
  filter(node: NodeInfo): Verdict {
    if (!this.#nominations.isEmpty) {
      const verdict = this.#filterWithNominated(node);
      if (verdict && verdict.code !== "Success") return verdict;
    }
    return this.#run(node);
  }

  /** A copy of a node and of all states, to try changes on. */
  dryRun(node: NodeInfo): DryRun {
    const trial = new Cycle(this.pod, this.#copiedFilters(), { nominations: this.#nominations });
    const copy = node.clone();
    return {
      node: copy,
      add: (other) => trial.#change(copy, other, 1),
      remove: (other) => trial.#change(copy, other, -1),
      filter: () => trial.filter(copy),
    };
  }

  /** Undefined if nobody who comes first is nominated to the node. */
  #filterWithNominated(node: NodeInfo): Verdict | undefined {
    const { pod } = this;
    const first = this.#nominations.on(node.name)
      .filter((other) => other.priority >= pod.priority && other.uid !== pod.uid);
    if (first.length === 0) return undefined;
    const trial = new Cycle(pod, this.#copiedFilters(), { nominations: this.#nominations });
    const copy = node.clone();
    for (const other of first) trial.#change(copy, other, 1);
    const verdict = trial.#run(copy);
    this.rejectedBy = trial.rejectedBy;
    return verdict;
  }

  #copiedFilters(): readonly Active[] {
    return this.#filters.map(({ plugin, state }) => ({
      plugin,
      state: plugin.cloneState ? plugin.cloneState(state) : state,
    }));
  }

  #change(node: NodeInfo, other: PodInfo, by: 1 | -1): void {
    if (by === 1) node.addPod(other);
    else node.removePod(other.uid);
    for (const { plugin, state } of this.#filters) {
      plugin.update?.(state, { pod: this.pod, other, node, by });
    }
  }

  #run(node: NodeInfo): Verdict {
    for (const { plugin, state } of this.#filters) {
      const verdict = plugin.filter!(this.pod, node, state);
      if (verdict.code === "Success") continue;
      if (isRejection(verdict)) this.rejectedBy = plugin.name;
      return verdict;
    }
    return success;
  }
}

function goList(names: readonly string[]): string {
  return `[${[...names].sort().join(" ")}]`;
}
