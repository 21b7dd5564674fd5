import { isDeepStrictEqual } from "node:util";
import type { Pod, ResourceQuota } from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Resource } from "../../shared/client/resource.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Informer, keyOf } from "../../shared/informer/informer.ts";
import { isBeingDeleted } from "../../shared/meta/object_meta.ts";
import { addQuantities, type Quantity, zeroQuantity } from "../../shared/resource/quantity.ts";
import { matchesScopes } from "../admission/quota/scopes.ts";
import { quotaNamesOf, usageOf } from "../admission/quota/usage.ts";
import { type ControllerContext, type ControllerDefinition, done } from "./controller.ts";
import { isTerminal } from "./pods/pod_state.ts";

/** How often all is counted anew, in case a change was not one that is looked for. */
const RESYNC_MS = 5 * 60_000;
/** When to look again while objects of a kind are still being listed. */
const NOT_LISTED_MS = 1000;

/**
 * Puts a quota's limits into force and counts what exists against it. Admission only adds to the count: what objects
 * that go have taken is given back here.
 */
export const resourceQuotaController: ControllerDefinition = {
  name: "resourcequota",
  account: "resourcequota-controller",
  workers: 5,
  setup(context) {
    const { client, informers, clock, enqueue } = context;
    const quotas = informers.of(resources.resourcequotas);
    const counted = new CountedKinds(context, (namespace) => {
      for (const quota of quotas.list(namespace)) enqueue(keyOf(quota));
    });
    quotas.onChange((quota, previous) => {
      if (quota && !isDeepStrictEqual(quota.spec, previous?.spec)) enqueue(keyOf(quota));
    });
    return async (key) => {
      const quota = quotas.get(key);
      if (!quota || isBeingDeleted(quota)) return done;
      const kinds = await counted.of(Object.keys(quota.spec?.hard ?? {}));
      if (!kinds.every(({ hasSynced }) => hasSynced)) return { requeueAfterMs: NOT_LISTED_MS };
      const status = statusOf(quota, kinds, clock.now());
      if (!isDeepStrictEqual(status, quota.status)) {
        await client.update(resources.resourcequotas, { ...quota, status }, {
          subresource: "status",
        });
      }
      return { requeueAfterMs: RESYNC_MS };
    };
  },
};

function statusOf(
  quota: ResourceQuota,
  kinds: readonly Informer[],
  now: number,
): NonNullable<ResourceQuota["status"]> {
  const hard = quota.spec?.hard ?? {};
  const used = new Map<string, Quantity>();
  for (const { resource, list } of kinds.map(listed)) {
    const names = quotaNamesOf(resource, Object.keys(hard));
    for (const name of names) used.set(name, used.get(name) ?? zeroQuantity);
    for (const object of list(quota.metadata.namespace!)) {
      if (!matchesScopes(quota, resource, object)) continue;
      const usage = usageOf(resource, object, now);
      for (const name of names) {
        const amount = usage.get(name);
        if (amount) used.set(name, addQuantities(used.get(name)!, amount));
      }
    }
  }
  // A name that nothing counts against keeps what it had.
  const texts = Object.keys(hard).map((name) => [
    name,
    used.get(name)?.text ?? quota.status?.used?.[name],
  ]);
  return { hard, used: Object.fromEntries(texts.filter(([, text]) => text !== undefined)) };
}

function listed(informer: Informer) {
  const list = (namespace: string): readonly KubeObject[] => informer.list(namespace);
  return { resource: informer.resource, list };
}

/** Kinds of which more than the metadata counts. */
const whole: readonly Resource[] = [
  resources.pods,
  resources.services,
  resources.persistentvolumeclaims,
];
/** The others that have names of their own in quotas. */
const named: readonly Resource[] = [
  resources.configmaps,
  resources.secrets,
  resources.replicationcontrollers,
  resources.resourcequotas,
];

/** Follows the kinds that quotas count, from the first quota on that names them. */
class CountedKinds {
  readonly #context: ControllerContext;
  readonly #onLess: (namespace: string) => void;
  readonly #followed = new Map<string, Informer>();
  #known: readonly Resource[] = [...whole, ...named];

  /** `onLess` is called when something in a namespace may count less than before. */
  constructor(context: ControllerContext, onLess: (namespace: string) => void) {
    this.#context = context;
    this.#onLess = onLess;
  }

  /** The kinds that count against any of the names. */
  async of(names: readonly string[]): Promise<Informer[]> {
    const isKnown = (name: string) =>
      this.#known.some((resource) => quotaNamesOf(resource, [name]).length > 0);
    if (names.some((name) => name.startsWith("count/") && !isKnown(name))) {
      const found = await this.#context.config.discover();
      const others = found.filter(({ namespaced, verbs, group, plural }) =>
        namespaced && verbs.includes("watch") &&
        ![...whole, ...named].some((one) => one.group === group && one.plural === plural)
      );
      this.#known = [...whole, ...named, ...others];
    }
    return this.#known.filter((resource) => quotaNamesOf(resource, names).length > 0)
      .map((resource) => this.#follow(resource));
  }

  #follow(resource: Resource): Informer {
    const id = `${resource.group}/${resource.plural}`;
    const followed = this.#followed.get(id);
    if (followed) return followed;
    const { informers, metadataInformers } = this.#context;
    const informer = whole.includes(resource)
      ? informers.of(resource)
      : informers.known?.(resource) ?? metadataInformers.of(resource);
    this.#followed.set(id, informer);
    informer.onChange((object, previous) => {
      if (previous && countsLess(object, previous)) this.#onLess(previous.metadata.namespace!);
    });
    return informer;
  }
}

/** Gone, ended, or of another size. */
function countsLess(object: KubeObject | undefined, previous: KubeObject): boolean {
  if (!object) return true;
  if (object.kind === "Pod") return isTerminal(object as Pod) && !isTerminal(previous as Pod);
  return object.metadata.generation !== previous.metadata.generation ||
    object.kind === "Service" || object.kind === "PersistentVolumeClaim";
}
