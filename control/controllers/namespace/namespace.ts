import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../../shared/client/client.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import { setCondition } from "../../../shared/meta/conditions.ts";
import { isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import { type ControllerContext, type ControllerDefinition, done } from "../controller.ts";
import type { Result } from "../controller.ts";
import { deleteContent, isContent, type Remaining } from "./content.ts";
import { namespaceConditions } from "./namespace_conditions.ts";

const FINALIZER = "kubernetes";
/** Content that others must finalize is looked at again after this long. */
const AGAIN_MS = 1000;

/** Empties namespaces that are being deleted and lets them go when nothing is left. */
export const namespaceController: ControllerDefinition = {
  name: "namespace",
  account: "namespace-controller",
  workers: 5,
  setup(context) {
    const namespaces = context.informers.of(resources.namespaces);
    namespaces.onChange((namespace) => {
      if (namespace && isBeingDeleted(namespace)) context.enqueue(namespace.metadata.name!);
    });
    return async (key) => {
      if (!namespaces.get(key)) return done;
      // The finalizers decide, so they are read from where they are true.
      const live = await context.client.find(resources.namespaces, { name: key });
      return live && isBeingDeleted(live) ? await empty(live, context) : done;
    };
  },
};

async function empty(namespace: Namespace, context: ControllerContext): Promise<Result> {
  const { client, config } = context;
  if (!namespace.spec?.finalizers?.includes(FINALIZER)) return done;
  let remaining: Remaining = { counts: new Map(), finalizers: new Map(), errors: [] };
  let discoveryError: string | undefined;
  try {
    const kinds = (await config.discover()).filter(isContent);
    remaining = await deleteContent(client, namespace.metadata.name!, kinds);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    discoveryError = `Discovery failed for some groups: ${cause}`;
  }
  const current = await writeStatus(namespace, { context, remaining, discoveryError });
  if (!current) return done;
  if (discoveryError !== undefined) throw new Error(`Cannot empty namespace: ${discoveryError}`);
  if (remaining.errors.length > 0) throw new Error(`Cannot empty namespace: ${remaining.errors}`);
  if (remaining.counts.size > 0) return { requeueAfterMs: AGAIN_MS };
  await finalize(client, current);
  return done;
}

/** The namespace as it is then; undefined if it is gone. */
async function writeStatus(
  namespace: Namespace,
  { context, remaining, discoveryError }: {
    context: ControllerContext;
    remaining: Remaining;
    discoveryError: string | undefined;
  },
): Promise<Namespace | undefined> {
  const { client, clock } = context;
  const old = namespace.status?.conditions ?? [];
  const now = timestamp(clock.now());
  const conditions = namespaceConditions(remaining, discoveryError)
    .reduce<typeof old>((list, next) => [...setCondition(list, next, now)], old);
  const unchanged = conditions.length === old.length && conditions.every((c, i) => c === old[i]);
  // Conditions of a namespace that is gone in a moment would only be a write that nobody reads.
  const done = remaining.counts.size === 0 && remaining.errors.length === 0 && !discoveryError;
  if (unchanged || (done && old.length === 0)) return namespace;
  const status = { ...namespace.status, phase: "Terminating", conditions };
  try {
    return await client.update(resources.namespaces, { ...namespace, status }, {
      subresource: "status",
    });
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}

async function finalize(client: Client, namespace: Namespace): Promise<void> {
  const finalizers = namespace.spec?.finalizers?.filter((name) => name !== FINALIZER) ?? [];
  const next = { ...namespace, spec: { ...namespace.spec, finalizers } };
  try {
    await client.update(resources.namespaces, next, { subresource: "finalize" });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}
