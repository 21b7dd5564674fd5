import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { timestamp } from "../../../shared/clock/clock.ts";
import type { StoreHooks } from "../store_types.ts";

/** A namespace stays until the finalizers of its spec are gone: its controller empties it first. */
export const namespaceHooks: StoreHooks = {
  lingers: (object) => ((object as Namespace).spec?.finalizers ?? []).length > 0,
  onDeleting(object: KubeObject, now: number) {
    const namespace = object as Namespace;
    const { metadata } = namespace;
    metadata.deletionTimestamp ??= timestamp(now);
    // Unlike other kinds, a namespace has no grace period to count down.
    delete metadata.deletionGracePeriodSeconds;
    namespace.status = { ...namespace.status, phase: "Terminating" };
  },
};
