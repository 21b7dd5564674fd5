import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { setCondition } from "../../shared/meta/conditions.ts";
import { addFinalizer, hasFinalizer } from "../../shared/meta/object_meta.ts";
import type { StoreHooks } from "../registry/store_types.ts";

/** Keeps a definition until its objects are gone. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

/** A definition that is deleted stays until all objects of its kind are gone. */
export const definitionHooks: StoreHooks = {
  lingers: (object) =>
    object.metadata.deletionTimestamp === undefined || hasFinalizer(object, cleanupFinalizer),
  onDeleting(object, now) {
    const definition = object as CustomResourceDefinition;
    const { metadata } = definition;
    if (!addFinalizer(definition, cleanupFinalizer)) return;
    metadata.deletionTimestamp ??= timestamp(now);
    if (metadata.deletionGracePeriodSeconds !== undefined) {
      // Unlike other kinds, a definition has no grace period, and its deletion is no change of it.
      delete metadata.deletionGracePeriodSeconds;
      metadata.generation = (metadata.generation ?? 1) - 1;
    }
    const conditions = setCondition(definition.status?.conditions, {
      type: "Terminating",
      status: "True",
      reason: "InstanceDeletionPending",
      message:
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    }, timestamp(now));
    definition.status = { ...definition.status, conditions: [...conditions] };
  },
};
