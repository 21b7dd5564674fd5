import { isDeepStrictEqual } from "node:util";
import type { ReplicaSetStatus } from "../../shared/api/apps/v1/types.gen.ts";
import type { Pod, PodTemplateSpec } from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Resource } from "../../shared/client/resource.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import type { Informer } from "../../shared/informer/informer.ts";
import { keyOf } from "../../shared/informer/informer.ts";
import { OwnWrites } from "../../shared/informer/own_writes.ts";
import type { LabelMatcher } from "../../shared/meta/labels.ts";
import { controllerOf, isBeingDeleted } from "../../shared/meta/object_meta.ts";
import {
  type ControllerContext,
  type ControllerDefinition,
  done,
  type Result,
} from "./controller.ts";
import { slowStart } from "./pods/batches.ts";
import { claim, controlledBy, enqueueOwners, indexByController } from "./pods/ownership.ts";
import { PodControl } from "./pods/pod_control.ts";
import { podFromTemplate } from "./pods/pod_from_template.ts";
import { isActive, isTerminal, nextAvailableMs } from "./pods/pod_state.ts";
import { planReplicas, type ReplicaFailure, replicaStatus } from "./replica_plan.ts";

/** What ReplicaSets and ReplicationControllers have in common. */
export interface ReplicaOwner extends KubeObject {
  spec?: {
    replicas?: number | undefined;
    minReadySeconds?: number | undefined;
    template?: PodTemplateSpec | undefined;
  } | undefined;
  status?: ReplicaSetStatus | undefined;
}
export interface ReplicaKind<O extends ReplicaOwner> {
  readonly name: string;
  readonly account: string;
  readonly resource: Resource<O>;
  selectorOf(owner: O): LabelMatcher;
  /** Whether the kind's status has `terminatingReplicas`. */
  readonly countsTerminating: boolean;
}

/** A controller that keeps `spec.replicas` pods of `spec.template` for every object of a kind. */
export function replicaController<O extends ReplicaOwner>(
  kind: ReplicaKind<O>,
): ControllerDefinition {
  return {
    name: kind.name,
    account: kind.account,
    workers: 5,
    setup(context) {
      const owners = context.informers.of(kind.resource);
      const pods = context.informers.of(resources.pods);
      const { selectorOf } = kind;
      enqueueOwners({ owners, owned: pods, selectorOf }, context.enqueue);
      indexByController(owners);
      owners.onChange((owner) => owner && context.enqueue(keyOf(owner)));
      const writes = new OwnWrites(pods);
      const loop = new ReplicaLoop(context, { kind, owners, pods, writes });
      return (key) => loop.reconcile(key);
    },
  };
}

interface LoopOptions<O extends ReplicaOwner> {
  readonly kind: ReplicaKind<O>;
  readonly owners: Informer<O>;
  readonly pods: Informer<Pod>;
  readonly writes: OwnWrites<Pod>;
}

class ReplicaLoop<O extends ReplicaOwner> {
  readonly #context: ControllerContext;
  readonly #options: LoopOptions<O>;
  readonly #control: PodControl;
  readonly #ownerWrites: OwnWrites<O>;

  constructor(context: ControllerContext, options: LoopOptions<O>) {
    this.#context = context;
    this.#options = options;
    this.#control = new PodControl(context.client, context.events, options.writes);
    this.#ownerWrites = new OwnWrites(options.owners);
  }

  async reconcile(key: string): Promise<Result> {
    const { owners, pods, writes, kind: { selectorOf } } = this.#options;
    const { client, clock } = this.#context;
    const owner = this.#ownerWrites.get(key);
    if (!owner) return done;
    const claimed = await claim(owner, { client, owners, owned: pods, writes, selectorOf });
    const kept = claimed.filter((pod) => !isTerminal(pod));
    const active = kept.filter((pod) => isActive(pod) && !writes.isGoing(pod));
    const failure = isBeingDeleted(owner) ? undefined : await this.#carryOut(owner, active);
    await this.#writeStatus(owner, kept, failure);
    if (failure) throw failure.error;
    const now = clock.now();
    const next = nextAvailableMs(active, owner.spec?.minReadySeconds ?? 0, now);
    return next === undefined ? done : { requeueAfterMs: next };
  }

  async #carryOut(
    owner: O,
    active: readonly Pod[],
  ): Promise<(ReplicaFailure & { error: unknown }) | undefined> {
    const { clock } = this.#context;
    const want = owner.spec?.replicas ?? 1;
    const perNode = active.length > want ? this.#podsPerNode(owner) : new Map<string, number>();
    const plan = planReplicas(want, active, { perNode, now: clock.now() });
    if (plan.do === "nothing") return undefined;
    if (plan.do === "delete") {
      const results = await Promise.allSettled(
        plan.pods.map((pod) => this.#control.delete(owner, pod)),
      );
      const failed = results.find((result) => result.status === "rejected");
      return failed && failureOf("FailedDelete", failed.reason);
    }
    const template = owner.spec?.template ?? {};
    const { error } = await slowStart(
      plan.count,
      () => this.#control.create(owner, podFromTemplate(owner, template)),
    );
    return error === undefined ? undefined : failureOf("FailedCreate", error);
  }

  /** Counts the pods of all owners that have the same controller, e.g. the revisions of one Deployment. */
  #podsPerNode(owner: O): Map<string, number> {
    const { owners, pods } = this.#options;
    const controller = controllerOf(owner);
    const related = controller ? controlledBy(owners, controller.uid) : [owner];
    const count = new Map<string, number>();
    for (const { metadata: { uid } } of related) {
      for (const pod of controlledBy(pods, uid)) {
        const node = pod.spec?.nodeName;
        if (node && isActive(pod)) count.set(node, (count.get(node) ?? 0) + 1);
      }
    }
    return count;
  }

  async #writeStatus(
    owner: O,
    before: readonly Pod[],
    failure: ReplicaFailure | undefined,
  ): Promise<void> {
    const { client, clock } = this.#context;
    const { writes, kind } = this.#options;
    const { uid } = owner.metadata;
    // What was just created counts at once; what was just deleted is seen as going when its event comes.
    const isMine = (pod: Pod) => controllerOf(pod)?.uid === uid && !isTerminal(pod);
    const pods = writes.overlay(before, isMine).filter((pod) =>
      isBeingDeleted(pod) || !writes.isGoing(pod)
    );
    const status: ReplicaSetStatus = replicaStatus(owner.status, pods, {
      minReadySeconds: owner.spec?.minReadySeconds ?? 0,
      templateLabels: owner.spec?.template?.metadata?.labels,
      generation: owner.metadata.generation,
      failure: failure && { reason: failure.reason, message: failure.message },
      now: clock.now(),
      time: timestamp(clock.now()),
    });
    if (!kind.countsTerminating) delete status.terminatingReplicas;
    if (isDeepStrictEqual(withoutZeros(status), withoutZeros(owner.status))) return;
    this.#ownerWrites.wrote(
      await client.update(kind.resource, { ...owner, status }, { subresource: "status" }),
    );
  }
}

function failureOf(reason: ReplicaFailure["reason"], error: unknown) {
  return { reason, message: error instanceof Error ? error.message : String(error), error };
}

/** The server leaves out zeros and empty lists. */
function withoutZeros(status: ReplicaSetStatus | undefined): unknown {
  const entries = Object.entries(status ?? {});
  return Object.fromEntries(entries.filter(([, value]) => {
    return value !== 0 && !(Array.isArray(value) && value.length === 0);
  }));
}
