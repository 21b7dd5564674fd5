import { isEstablished } from "../../shared/api/apiextensions/definition_conditions.ts";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { findCondition, setCondition } from "../../shared/meta/conditions.ts";
import { hasFinalizer, removeFinalizer } from "../../shared/meta/object_meta.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { statusScope } from "./status_scope.ts";
import { cleanupFinalizer } from "./definition_hooks.ts";

interface CleanupOptions {
  readonly now: () => number;
  /** Whether the objects would be those of a built-in kind, which are not the definition's to remove. */
  readonly isBuiltIn: (definition: CustomResourceDefinition) => boolean;
  /** Brings a definition up again. */
  readonly enqueue: (name: string) => void;
}

/** How many deletions run at once. */
const workers = 16;

/** Removes the objects of definitions that are being deleted, then lets the definitions go. */
export class Cleanup {
  readonly #definitions: ResourceStore;
  readonly #options: CleanupOptions;
  /** What ends the watch for the last object, by the name of the definition. */
  readonly #waits = new Map<string, () => void>();

  constructor(definitions: ResourceStore, options: CleanupOptions) {
    this.#definitions = definitions;
    this.#options = options;
  }

  /** Takes the next step if the definition is being deleted; says whether it is. `store` holds its objects. */
  async advance(
    definition: CustomResourceDefinition,
    store: ResourceStore | undefined,
  ): Promise<boolean> {
    const name = definition.metadata.name!;
    const isGoing = definition.metadata.deletionTimestamp !== undefined &&
      hasFinalizer(definition, cleanupFinalizer);
    if (!isGoing) return false;
    if (this.#options.isBuiltIn(definition)) {
      const reason = "OverlappingBuiltInResource";
      await this.#finish(name, reason, "instances overlap with built-in resources in storage");
    } else if (!store || !isEstablished(definition)) {
      await this.#finish(name, "NeverEstablished", "resource was never established");
    } else await this.#removeObjects(definition, store);
    return true;
  }

  async #removeObjects(definition: CustomResourceDefinition, store: ResourceStore): Promise<void> {
    const name = definition.metadata.name!;
    const reason = findCondition(definition.status?.conditions, "Terminating")?.reason;
    if (reason !== "InstanceDeletionInProgress") {
      await this.#write(name, {
        status: "True",
        reason: "InstanceDeletionInProgress",
        message: "CustomResource deletion is in progress",
      });
      return;
    }
    // Loads the cache if the kind was only just installed.
    await store.cache.list({ limit: 1 });
    await deleteAll(store);
    if (store.cache.size > 0) return await this.#waitForEmpty(name, store);
    this.#waits.get(name)?.();
    this.#waits.delete(name);
    await this.#finish(name, "InstanceDeletionCompleted", "removed all instances");
  }

  /** Some objects have finalizers: comes back when one is gone. */
  async #waitForEmpty(name: string, store: ResourceStore): Promise<void> {
    if (this.#waits.has(name)) return;
    const end = await store.cache.watch({ after: store.cache.revision }, {
      events: (batch) => {
        if (batch.some(({ type }) => type === "DELETED")) this.#options.enqueue(name);
      },
      bookmark() {},
      closed: () => void this.#waits.delete(name),
    });
    this.#waits.set(name, end);
    this.#options.enqueue(name);
  }

  async #finish(name: string, reason: string, message: string): Promise<void> {
    await this.#write(name, { status: "False", reason, message }, (definition) => {
      removeFinalizer(definition, cleanupFinalizer);
    });
  }

  async #write(
    name: string,
    condition: { readonly status: string; readonly reason: string; readonly message: string },
    change: (definition: CustomResourceDefinition) => void = () => {},
  ): Promise<void> {
    const { kind } = this.#definitions;
    const update = (current: KubeObject) => {
      const definition = current as CustomResourceDefinition;
      const now = timestamp(this.#options.now());
      const terminating = { type: "Terminating", ...condition };
      const conditions = setCondition(definition.status?.conditions, terminating, now);
      definition.status = { ...definition.status, conditions: [...conditions] };
      change(definition);
      return definition;
    };
    const options = { direct: true, claimsFields: true };
    await this.#definitions.update(kind, name, update, statusScope, options);
  }
}

async function deleteAll(store: ResourceStore): Promise<void> {
  const remaining = store.cache.entries().values();
  const work = async () => {
    for (const { name, namespace } of remaining) {
      const scope = { ...statusScope, namespace, subresource: "" };
      await store.delete(store.kind, name, {}, scope, { direct: true }).catch(
        (error: unknown) => {
          if (!isStatus(error, "NotFound")) throw error;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}
