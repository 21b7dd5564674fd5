import { isDeepStrictEqual } from "node:util";
import type {
  ControllerRevision,
  StatefulSet,
  StatefulSetStatus,
} from "../../../shared/api/apps/v1/types.gen.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { type Informer, keyOf } from "../../../shared/informer/informer.ts";
import { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
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
import { claim, enqueueOwners } from "../pods/ownership.ts";
import { isNamespaceTerminating } from "../pods/pod_control.ts";
import { isTerminal, nextAvailableMs } from "../pods/pod_state.ts";
import {
  partitionOf,
  planStateful,
  type StatefulPlan,
  type StatefulState,
  statefulStatus,
} from "./stateful_plan.ts";
import { claimsOf, ordinalOf, statefulPod } from "./stateful_pods.ts";

/** Keeps pods with lasting names and volumes, one for each ordinal of a StatefulSet. */
export const statefulSetController: ControllerDefinition = {
  name: "statefulset",
  account: "statefulset-controller",
  workers: 5,
  setup(context) {
    const { informers, enqueue } = context;
    const sets = informers.of(resources.statefulsets);
    const pods = informers.of(resources.pods);
    const revisions = informers.of(resources.controllerrevisions);
    const selectorOf = ({ spec }: StatefulSet) => fromLabelSelector(spec.selector);
    enqueueOwners({ owners: sets, owned: pods, selectorOf }, enqueue);
    enqueueOwners({ owners: sets, owned: revisions, selectorOf }, enqueue);
    sets.onChange((set) => set && enqueue(keyOf(set)));
    const loop = new StatefulLoop(context, { sets, pods, revisions });
    return (key) => loop.reconcile(key);
  },
};

interface Informers {
  readonly sets: Informer<StatefulSet>;
  readonly pods: Informer<Pod>;
  readonly revisions: Informer<ControllerRevision>;
}

class StatefulLoop {
  readonly #context: ControllerContext;
  readonly #informers: Informers;
  readonly #writes: OwnWrites<StatefulSet>;
  readonly #podWrites: OwnWrites<Pod>;
  readonly #revisionWrites: OwnWrites<ControllerRevision>;

  constructor(context: ControllerContext, informers: Informers) {
    this.#context = context;
    this.#informers = informers;
    this.#writes = new OwnWrites(informers.sets);
    this.#podWrites = new OwnWrites(informers.pods);
    this.#revisionWrites = new OwnWrites(informers.revisions);
  }

  async reconcile(key: string): Promise<Result> {
    const set = this.#writes.get(key);
    if (!set || isBeingDeleted(set)) return done;
    const known = await this.#claim(set, this.#informers.revisions, this.#revisionWrites);
    const update = await this.#updateRevision(set, known);
    const current = known.find(({ metadata }) => metadata.name === set.status?.currentRevision) ??
      update;
    const revisions = { current: current.metadata.name!, update: update.metadata.name! };
    const state = await this.#state(set, revisions.update);
    const error = await this.#carryOut(set, planStateful(set, state), { current, update })
      .then(() => undefined, (error) => ({ error }));
    const after = await this.#state(set, revisions.update);
    await this.#writeStatus(set, statefulStatus(set, after, revisions));
    if (error) throw error.error;
    const live = new Set(after.pods.map(({ metadata }) => metadata.labels?.[REVISION_HASH] ?? ""));
    await truncateHistory(known, set.spec.revisionHistoryLimit ?? 10, {
      client: this.#context.client,
      writes: this.#revisionWrites,
      live: live.add(revisions.current).add(revisions.update),
    });
    const minReady = set.spec.minReadySeconds ?? 0;
    const next = nextAvailableMs(after.pods, minReady, this.#context.clock.now());
    return next === undefined ? done : { requeueAfterMs: next };
  }

  #claim<T extends Pod | ControllerRevision>(
    set: StatefulSet,
    owned: Informer<T>,
    writes: OwnWrites<T>,
  ): Promise<readonly T[]> {
    return claim<StatefulSet, T>(set, {
      client: this.#context.client,
      owners: this.#informers.sets,
      owned,
      writes,
      selectorOf: ({ spec }) => fromLabelSelector(spec.selector),
    });
  }

  async #state(set: StatefulSet, updateRevision: string): Promise<StatefulState> {
    const pods = await this.#claim(set, this.#informers.pods, this.#podWrites);
    return {
      pods: pods.filter((pod) => ordinalOf(set, pod) !== undefined),
      updateRevision,
      isGoing: (pod) => this.#podWrites.isGoing(pod),
      now: this.#context.clock.now(),
    };
  }

  async #updateRevision(
    set: StatefulSet,
    known: readonly ControllerRevision[],
  ): Promise<ControllerRevision> {
    const { client } = this.#context;
    const collisionCount = set.status?.collisionCount;
    const options = { client, writes: this.#revisionWrites, collisionCount };
    try {
      return await currentRevision(set, known, options);
    } catch (error) {
      if (error instanceof RevisionCollision) {
        const old = set.status ?? { replicas: 0 };
        const status = { ...old, collisionCount: (collisionCount ?? 0) + 1 };
        await this.#writeStatus(set, status);
      }
      throw error;
    }
  }

  async #carryOut(
    set: StatefulSet,
    plan: StatefulPlan,
    revisions: { current: ControllerRevision; update: ControllerRevision },
  ): Promise<void> {
    for (const pod of plan.delete) await this.#delete(set, pod);
    const onDelete = set.spec.updateStrategy?.type === "OnDelete";
    for (const ordinal of plan.create) {
      const old = !onDelete && ordinal < partitionOf(set);
      const revision = old ? revisions.current : revisions.update;
      await this.#create(set, ordinal, revision);
    }
  }

  async #create(set: StatefulSet, ordinal: number, revision: ControllerRevision): Promise<void> {
    const { client, events } = this.#context;
    const { name } = set.metadata;
    const pod = statefulPod(set, ordinal, revision);
    const what = `Pod ${pod.metadata.name} in StatefulSet ${name}`;
    try {
      await this.#createClaims(set, ordinal);
      this.#podWrites.wrote(await client.create(resources.pods, pod));
      events.event(set, "Normal", "SuccessfulCreate", `create ${what} successful`);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const why = error instanceof Error ? error.message : String(error);
      events.event(set, "Warning", "FailedCreate", `create ${what} failed error: ${why}`);
      throw error;
    }
  }

  async #createClaims(set: StatefulSet, ordinal: number): Promise<void> {
    const { client, events } = this.#context;
    for (const wanted of claimsOf(set, ordinal)) {
      const { namespace, name = "" } = wanted.metadata;
      if (await client.find(resources.persistentvolumeclaims, { namespace, name })) continue;
      try {
        await client.create(resources.persistentvolumeclaims, wanted);
      } catch (error) {
        if (isStatus(error, "AlreadyExists")) continue;
        throw error;
      }
      const pod = `${set.metadata.name}-${ordinal}`;
      const message = `create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`;
      events.event(set, "Normal", "SuccessfulCreate", message);
    }
  }

  async #delete(set: StatefulSet, pod: Pod): Promise<void> {
    const { client, events } = this.#context;
    const { namespace, name = "", uid } = pod.metadata;
    const setName = set.metadata.name;
    if (isTerminal(pod)) {
      const what = pod.status?.phase === "Failed" ? "failed" : "succeeded";
      const message = `StatefulSet ${namespace}/${setName} is recreating ${what} Pod ${name}`;
      const reason = what === "failed" ? "RecreatingFailedPod" : "RecreatingTerminatedPod";
      events.event(set, what === "failed" ? "Warning" : "Normal", reason, message);
    }
    try {
      await client.delete(resources.pods, { namespace, name }, {
        ...(uid !== undefined && { preconditions: { uid } }),
      });
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      throw error;
    }
    this.#podWrites.deleted(pod);
    const message = `delete Pod ${name} in StatefulSet ${setName} successful`;
    events.event(set, "Normal", "SuccessfulDelete", message);
  }

  async #writeStatus(set: StatefulSet, status: StatefulSetStatus): Promise<void> {
    if (isDeepStrictEqual(withoutZeros(status), withoutZeros(set.status))) return;
    this.#writes.wrote(
      await this.#context.client.update(resources.statefulsets, { ...set, status }, {
        subresource: "status",
      }),
    );
  }
}

/** The server leaves out zeros. */
function withoutZeros(status: StatefulSetStatus | undefined): unknown {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
}
