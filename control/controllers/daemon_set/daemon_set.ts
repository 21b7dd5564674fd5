import { isDeepStrictEqual } from "node:util";
import type {
  ControllerRevision,
  DaemonSet,
  DaemonSetStatus,
} from "../../../shared/api/apps/v1/types.gen.ts";
import type { Node, Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { type Informer, keyOf } from "../../../shared/informer/informer.ts";
import { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import {
  type ControllerContext,
  type ControllerDefinition,
  done,
  type Result,
} from "../controller.ts";
import {
  currentRevision,
  REVISION_HASH,
  RevisionCollision,
  truncateHistory,
} from "../history/controller_history.ts";
import { BURST, slowStart } from "../pods/batches.ts";
import { claim, enqueueOwners } from "../pods/ownership.ts";
import { PodControl } from "../pods/pod_control.ts";
import { nextAvailableMs } from "../pods/pod_state.ts";
import {
  daemonCounts,
  daemonPod,
  type DaemonState,
  nodeNameOf,
  planDaemons,
} from "./daemon_plan.ts";
import { RestartBackoff } from "./restart_backoff.ts";

/** Keeps one pod of a DaemonSet on every node that it is meant for. */
export const daemonSetController: ControllerDefinition = {
  name: "daemonset",
  account: "daemon-set-controller",
  workers: 2,
  setup(context) {
    const { informers, enqueue } = context;
    const sets = informers.of(resources.daemonsets);
    const pods = informers.of(resources.pods);
    const revisions = informers.of(resources.controllerrevisions);
    const nodes = informers.of(resources.nodes);
    const selectorOf = ({ spec }: DaemonSet) => fromLabelSelector(spec.selector);
    enqueueOwners({ owners: sets, owned: pods, selectorOf }, enqueue);
    enqueueOwners({ owners: sets, owned: revisions, selectorOf }, enqueue);
    sets.onChange((set) => set && enqueue(keyOf(set)));
    nodes.onChange((node, previous) => {
      if (node && previous && isSameForDaemons(node, previous)) return;
      for (const set of sets.list()) enqueue(keyOf(set));
    });
    const loop = new DaemonLoop(context, { sets, pods, revisions, nodes });
    return (key) => loop.reconcile(key);
  },
};

function isSameForDaemons(a: Node, b: Node): boolean {
  return isDeepStrictEqual([a.metadata.labels, a.spec?.taints], [
    b.metadata.labels,
    b.spec?.taints,
  ]);
}

interface Informers {
  readonly sets: Informer<DaemonSet>;
  readonly pods: Informer<Pod>;
  readonly revisions: Informer<ControllerRevision>;
  readonly nodes: Informer<Node>;
}

class DaemonLoop {
  readonly #context: ControllerContext;
  readonly #informers: Informers;
  readonly #writes: OwnWrites<DaemonSet>;
  readonly #podWrites: OwnWrites<Pod>;
  readonly #revisionWrites: OwnWrites<ControllerRevision>;
  readonly #control: PodControl;
  readonly #backoff = new RestartBackoff();

  constructor(context: ControllerContext, informers: Informers) {
    this.#context = context;
    this.#informers = informers;
    this.#writes = new OwnWrites(informers.sets);
    this.#podWrites = new OwnWrites(informers.pods);
    this.#revisionWrites = new OwnWrites(informers.revisions);
    this.#control = new PodControl(context.client, context.events, this.#podWrites);
  }

  async reconcile(key: string): Promise<Result> {
    const { events, clock } = this.#context;
    const set = this.#writes.get(key);
    if (!set || isBeingDeleted(set)) return done;
    if (fromLabelSelector(set.spec.selector).requirements.length === 0) {
      const message = "This daemon set is selecting all pods. A non-empty selector is required.";
      events.event(set, "Warning", "SelectingAll", message);
      return done;
    }
    const revisions = await this.#claim(set, this.#informers.revisions, this.#revisionWrites);
    const current = await this.#revision(set, revisions);
    const state = await this.#state(set, current);
    const plan = planDaemons(set, state);
    const failure = await this.#carryOut(set, plan, state.hash);
    const after = failure ? state : await this.#state(set, current);
    await this.#writeStatus(set, after);
    if (failure) throw failure.error;
    const pods = [...after.byNode.values()].flat();
    const hashes = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_HASH]));
    const live = revisions.filter((revision) =>
      revision === current || hashes.has(revision.metadata.labels?.[REVISION_HASH])
    );
    await truncateHistory(revisions, set.spec.revisionHistoryLimit ?? 10, {
      client: this.#context.client,
      writes: this.#revisionWrites,
      live: new Set(live.map(({ metadata }) => metadata.name!)),
    });
    const next = nextAvailableMs(pods, set.spec.minReadySeconds ?? 0, clock.now());
    return next === undefined ? done : { requeueAfterMs: next };
  }

  #claim<T extends Pod | ControllerRevision>(
    set: DaemonSet,
    owned: Informer<T>,
    writes: OwnWrites<T>,
  ): Promise<readonly T[]> {
    return claim<DaemonSet, T>(set, {
      client: this.#context.client,
      owners: this.#informers.sets,
      owned,
      writes,
      selectorOf: ({ spec }) => fromLabelSelector(spec.selector),
    });
  }

  async #revision(
    set: DaemonSet,
    revisions: readonly ControllerRevision[],
  ): Promise<ControllerRevision> {
    const { client } = this.#context;
    const collisionCount = set.status?.collisionCount;
    try {
      return await currentRevision(set, revisions, {
        client,
        writes: this.#revisionWrites,
        collisionCount,
      });
    } catch (error) {
      if (error instanceof RevisionCollision) {
        const status = { ...set.status!, collisionCount: (collisionCount ?? 0) + 1 };
        this.#writes.wrote(
          await client.update(resources.daemonsets, { ...set, status }, { subresource: "status" }),
        );
      }
      throw error;
    }
  }

  async #state(set: DaemonSet, revision: ControllerRevision): Promise<DaemonState> {
    const pods = await this.#claim(set, this.#informers.pods, this.#podWrites);
    return {
      nodes: this.#informers.nodes.list(),
      byNode: Map.groupBy(pods, (pod) => nodeNameOf(pod) ?? ""),
      hash: revision.metadata.labels?.[REVISION_HASH] ?? "",
      now: this.#context.clock.now(),
      isGoing: (pod) => this.#podWrites.isGoing(pod),
    };
  }

  async #carryOut(
    set: DaemonSet,
    plan: ReturnType<typeof planDaemons>,
    hash: string,
  ): Promise<{ error: unknown } | undefined> {
    const { events, clock, enqueue } = this.#context;
    for (const pod of plan.ended) {
      const backoffKey = `${set.metadata.uid}/${nodeNameOf(pod)}`;
      const wait = this.#backoff.waitOf(backoffKey, clock.monotonic());
      if (wait > 0) {
        enqueue(keyOf(set), wait);
        continue;
      }
      const failed = pod.status?.phase === "Failed";
      const what = failed ? "failed" : "succeeded";
      const { namespace, name } = pod.metadata;
      const message = `Found ${what} daemon pod ${namespace}/${name} on node ${
        nodeNameOf(pod)
      }, will try to ${failed ? "kill" : "delete"} it`;
      const reason = failed ? "FailedDaemonPod" : "SucceededDaemonPod";
      events.event(set, failed ? "Warning" : "Normal", reason, message);
      await this.#control.delete(set, pod);
    }
    const creates = plan.create.slice(0, BURST);
    const created = await slowStart(
      creates.length,
      (i) => this.#control.create(set, daemonPod(set, creates[i]!, hash)),
    );
    const deletes = plan.delete.slice(0, BURST);
    const results = await Promise.allSettled(
      deletes.map((pod) => this.#control.delete(set, pod)),
    );
    const failed = results.find((result) => result.status === "rejected");
    const error = created.error ?? failed?.reason;
    return error === undefined ? undefined : { error };
  }

  async #writeStatus(set: DaemonSet, state: DaemonState): Promise<void> {
    const { collisionCount, conditions } = set.status ?? {};
    const status: DaemonSetStatus = {
      ...daemonCounts(set, state),
      ...(set.metadata.generation !== undefined &&
        { observedGeneration: set.metadata.generation }),
      ...(collisionCount !== undefined && { collisionCount }),
      ...(conditions && { conditions }),
    };
    if (isDeepStrictEqual(withoutZeros(status), withoutZeros(set.status))) return;
    this.#writes.wrote(
      await this.#context.client.update(resources.daemonsets, { ...set, status }, {
        subresource: "status",
      }),
    );
  }
}

/** The server leaves out zeros. */
function withoutZeros(status: DaemonSetStatus | undefined): unknown {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
}
