import { isDeepStrictEqual } from "node:util";
import type {
  Deployment,
  DeploymentStatus,
  ReplicaSet,
} from "../../../shared/api/apps/v1/types.gen.ts";
import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { type Informer, keyOf } from "../../../shared/informer/informer.ts";
import { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { controllerOf, isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import {
  type ControllerContext,
  type ControllerDefinition,
  done,
  type Result,
} from "../controller.ts";
import { claim, controlledBy, enqueueOwners, indexByController } from "../pods/ownership.ts";
import { isTerminal } from "../pods/pod_state.ts";
import { isNamespaceTerminating } from "../pods/pod_control.ts";
import { deploymentStatus, isComplete, overdueInMs, type Step } from "./deployment_status.ts";
import {
  byCreation,
  DESIRED,
  findNewSet,
  MAX,
  newSetFor,
  nextRevision,
  REVISION,
  revisionOf,
  setAnnotations,
  sizeAnnotations,
} from "./revisions.ts";
import {
  nextCurrentSize,
  type RolloutState,
  type Scale,
  scaleAll,
  scaleDownOld,
  setsToForget,
  sizeOf,
} from "./rollout_plan.ts";

/** Rolls Deployments out: one ReplicaSet for each template, scaled against each other step by step. */
export const deploymentController: ControllerDefinition = {
  name: "deployment",
  account: "deployment-controller",
  workers: 5,
  setup(context) {
    const deployments = context.informers.of(resources.deployments);
    const sets = context.informers.of(resources.replicasets);
    const pods = context.informers.of(resources.pods);
    const selectorOf = ({ spec }: Deployment) => fromLabelSelector(spec.selector);
    enqueueOwners({ owners: deployments, owned: sets, selectorOf }, context.enqueue);
    indexByController(pods);
    deployments.onChange((deployment) => deployment && context.enqueue(keyOf(deployment)));
    // Recreate waits for the last old pod, which no change of a ReplicaSet tells.
    pods.onChange((pod, previous) => {
      const gone = !pod || isTerminal(pod) ? pod ?? previous : undefined;
      const set = gone && controllerOf(gone);
      if (set?.kind !== "ReplicaSet") return;
      const owner = sets.get(`${gone!.metadata.namespace}/${set.name}`);
      const deployment = owner && controllerOf(owner);
      if (deployment) context.enqueue(`${gone!.metadata.namespace}/${deployment.name}`);
    });
    const loop = new DeploymentLoop(context, { deployments, sets, pods });
    return (key) => loop.reconcile(key);
  },
};

interface Informers {
  readonly deployments: Informer<Deployment>;
  readonly sets: Informer<ReplicaSet>;
  readonly pods: Informer<Pod>;
}

class DeploymentLoop {
  readonly #context: ControllerContext;
  readonly #informers: Informers;
  readonly #setWrites: OwnWrites<ReplicaSet>;
  readonly #writes: OwnWrites<Deployment>;

  constructor(context: ControllerContext, informers: Informers) {
    this.#context = context;
    this.#informers = informers;
    this.#setWrites = new OwnWrites(informers.sets);
    this.#writes = new OwnWrites(informers.deployments);
  }

  async reconcile(key: string): Promise<Result> {
    const deployment = this.#writes.get(key);
    if (!deployment) return done;
    const selector = fromLabelSelector(deployment.spec.selector);
    if (selector.requirements.length === 0) {
      const message = "This deployment is selecting all pods. A non-empty selector is required.";
      this.#context.events.event(deployment, "Warning", "SelectingAll", message);
      return done;
    }
    const claimed = await claim(deployment, {
      client: this.#context.client,
      owners: this.#informers.deployments,
      owned: this.#informers.sets,
      writes: this.#setWrites,
      selectorOf: () => selector,
    });
    const state = stateOf(deployment, claimed.filter((set) => !this.#setWrites.isGoing(set)));
    if (isBeingDeleted(deployment)) return await this.#writeStatus(deployment, state, "none");
    if (deployment.spec.paused || wasScaled(deployment, state)) {
      return await this.#resize(deployment, state);
    }
    return deployment.spec.strategy?.type === "Recreate"
      ? await this.#recreate(deployment, state)
      : await this.#roll(deployment, state);
  }

  async #roll(before: Deployment, stateBefore: RolloutState): Promise<Result> {
    const { deployment, state, step } = await this.#withCurrent(before, stateBefore);
    const { current, old } = state;
    if (!current) return done;
    const size = nextCurrentSize(deployment, sizeOf(current), old);
    let scales: readonly Scale[] = [{ set: current, replicas: size }];
    if (size === sizeOf(current)) scales = scaleDownOld(deployment, state);
    const after = await this.#scale(deployment, state, scales);
    return await this.#finish(deployment, after, step);
  }

  async #recreate(deployment: Deployment, state: RolloutState): Promise<Result> {
    const toStop = state.old.filter((set) => sizeOf(set) > 0);
    if (toStop.length > 0 || this.#oldPodsRun(state)) {
      const scales = toStop.map((set) => ({ set, replicas: 0 }));
      const after = await this.#scale(deployment, state, scales);
      return await this.#writeStatus(deployment, after, "none");
    }
    const next = await this.#withCurrent(deployment, state);
    if (!next.state.current) return done;
    const scales = [{ set: next.state.current, replicas: sizeOf(deployment) }];
    const after = await this.#scale(next.deployment, next.state, scales);
    return await this.#finish(next.deployment, after, next.step);
  }

  /** Scaled or paused: sizes change, but nothing is rolled out. */
  async #resize(deployment: Deployment, state: RolloutState): Promise<Result> {
    const scales = scaleAll(
      deployment,
      state,
      (set) => Number(set.metadata.annotations?.[MAX] ?? 0),
    );
    // Also the sets whose size stays must learn that the Deployment was scaled.
    const all = activeOf(state).filter((set) => !scales.some((scale) => scale.set === set))
      .map((set) => ({ set, replicas: sizeOf(set) }));
    const after = await this.#scale(deployment, state, [...scales, ...all]);
    if (deployment.spec.paused) await this.#forgetOld(deployment, after);
    return await this.#writeStatus(deployment, after, "none");
  }

  async #finish(deployment: Deployment, state: RolloutState, step: Step): Promise<Result> {
    const status = deploymentStatus(deployment, state, { step, now: this.#context.clock.now() });
    if (isComplete(deployment, status)) await this.#forgetOld(deployment, state);
    return await this.#writeStatus(deployment, state, step);
  }

  /** Makes sure that the current template has a set with the right annotations, and the Deployment its revision. */
  async #withCurrent(
    deployment: Deployment,
    state: RolloutState,
  ): Promise<{ deployment: Deployment; state: RolloutState; step: Step }> {
    const { client } = this.#context;
    const revision = nextRevision(state.old);
    let { current } = state;
    let step: Step = "found";
    if (!current) {
      current = await this.#create(deployment, state, revision);
      step = "created";
    } else {
      const annotations = setAnnotations(deployment, current, revision);
      const { minReadySeconds } = deployment.spec;
      const same = isDeepStrictEqual(annotations, current.metadata.annotations) &&
        (current.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0);
      if (!same) {
        current = await client.update(resources.replicasets, {
          ...current,
          metadata: { ...current.metadata, annotations },
          spec: { ...current.spec, minReadySeconds: minReadySeconds ?? 0 },
        });
        this.#setWrites.wrote(current);
      }
    }
    const written = current ? await this.#writeRevision(deployment, current) : deployment;
    return { deployment: written, state: { ...state, current }, step };
  }

  async #create(
    deployment: Deployment,
    { old }: RolloutState,
    revision: number,
  ): Promise<ReplicaSet | undefined> {
    const { client, events } = this.#context;
    const replicas = nextCurrentSize(deployment, 0, old);
    const wanted = newSetFor(deployment, { replicas, revision });
    try {
      const created = await client.create(resources.replicasets, wanted);
      this.#setWrites.wrote(created);
      if (replicas > 0) {
        const message = `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`;
        events.event(deployment, "Normal", "ScalingReplicaSet", message);
      }
      return created;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (!isStatus(error, "AlreadyExists")) throw error;
      return await this.#resolveCollision(deployment, wanted);
    }
  }

  /** The name is taken: by the set that we have not seen yet, or by another template with the same hash. */
  async #resolveCollision(
    deployment: Deployment,
    wanted: ReplicaSet,
  ): Promise<ReplicaSet | undefined> {
    const { client } = this.#context;
    const { namespace, name = "" } = wanted.metadata;
    const taken = await client.get(resources.replicasets, { namespace, name });
    const mine = controllerOf(taken)?.uid === deployment.metadata.uid;
    if (mine && findNewSet(deployment, [taken])) return taken;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    this.#writes.wrote(
      await client.update(resources.deployments, { ...deployment, status }, {
        subresource: "status",
      }),
    );
    throw new Error(`Cannot create ReplicaSet: the name "${name}" is taken`);
  }

  async #writeRevision(deployment: Deployment, current: ReplicaSet): Promise<Deployment> {
    const revision = current.metadata.annotations?.[REVISION] ?? "1";
    const { metadata } = deployment;
    if (metadata.annotations?.[REVISION] === revision) return deployment;
    const written = await this.#context.client.update(resources.deployments, {
      ...deployment,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [REVISION]: revision } },
    });
    this.#writes.wrote(written);
    return written;
  }

  /** The state after the sets have their new sizes. */
  async #scale(
    deployment: Deployment,
    state: RolloutState,
    scales: readonly Scale[],
  ): Promise<RolloutState> {
    const { client, events } = this.#context;
    const size = sizeAnnotations(deployment);
    const changed = new Map<string | undefined, ReplicaSet>();
    for (const { set, replicas } of scales) {
      const annotations = { ...set.metadata.annotations, ...size };
      const from = sizeOf(set);
      if (from === replicas && isDeepStrictEqual(annotations, set.metadata.annotations)) continue;
      const written = await client.update(resources.replicasets, {
        ...set,
        metadata: { ...set.metadata, annotations },
        spec: { ...set.spec, replicas },
      });
      this.#setWrites.wrote(written);
      changed.set(set.metadata.uid, written);
      if (from === replicas) continue;
      const direction = replicas > from ? "up" : "down";
      const { name } = set.metadata;
      const message = `Scaled ${direction} replica set ${name} from ${from} to ${replicas}`;
      events.event(deployment, "Normal", "ScalingReplicaSet", message);
    }
    const newest = (set: ReplicaSet) => changed.get(set.metadata.uid) ?? set;
    return { current: state.current && newest(state.current), old: state.old.map(newest) };
  }

  #oldPodsRun({ current, old }: RolloutState): boolean {
    const { pods } = this.#informers;
    return old.some((set) =>
      set !== current &&
      ((set.status?.replicas ?? 0) > 0 ||
        controlledBy(pods, set.metadata.uid).some((pod) => !isTerminal(pod)))
    );
  }

  async #forgetOld(deployment: Deployment, { old }: RolloutState): Promise<void> {
    const { client } = this.#context;
    for (const set of setsToForget(deployment, old, revisionOf)) {
      const { namespace, name = "", uid, resourceVersion } = set.metadata;
      const preconditions = { uid, resourceVersion };
      await client.delete(resources.replicasets, { namespace, name }, {
        preconditions,
        propagationPolicy: "Background",
      }).catch((error) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
      this.#setWrites.deleted(set);
    }
  }

  async #writeStatus(deployment: Deployment, state: RolloutState, step: Step): Promise<Result> {
    const { client, clock } = this.#context;
    const status = deploymentStatus(deployment, state, { step, now: clock.now() });
    if (!isDeepStrictEqual(withoutZeros(status), withoutZeros(deployment.status))) {
      this.#writes.wrote(
        await client.update(resources.deployments, { ...deployment, status }, {
          subresource: "status",
        }),
      );
    }
    const overdue = overdueInMs(deployment, status, clock.now());
    return overdue === undefined ? done : { requeueAfterMs: overdue };
  }
}

function stateOf(deployment: Deployment, sets: readonly ReplicaSet[]): RolloutState {
  const current = findNewSet(deployment, sets);
  return { current, old: sets.filter((set) => set !== current).sort(byCreation) };
}

function activeOf({ current, old }: RolloutState): readonly ReplicaSet[] {
  return (current ? [...old, current] : old).filter((set) => sizeOf(set) > 0);
}

/** Whether an active set remembers another size of the Deployment than it has now. */
function wasScaled(deployment: Deployment, state: RolloutState): boolean {
  const want = String(sizeOf(deployment));
  return activeOf(state).some(({ metadata }) => {
    const desired = metadata.annotations?.[DESIRED];
    return desired !== undefined && desired !== want;
  });
}

/** The server leaves out zeros and empty lists. */
function withoutZeros(status: DeploymentStatus | undefined): unknown {
  return Object.fromEntries(
    Object.entries(status ?? {}).filter(([, value]) => value !== 0 && value !== undefined),
  );
}
