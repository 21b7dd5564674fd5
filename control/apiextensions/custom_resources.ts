import {
  areNamesAccepted,
  isEstablished,
} from "../../shared/api/apiextensions/definition_conditions.ts";
import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { isBuiltIn } from "../endpoints/respond.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored, keyOf } from "../registry/stored_object.ts";
import type { InstallOptions } from "../server/install.ts";
import { Cleanup } from "./cleanup.ts";
import { nextStatus, takenNames } from "./definition_status.ts";
import { ServedDefinition } from "./served_definition.ts";
import { statusScope } from "./status_scope.ts";

export interface CustomResourcesOptions extends InstallOptions {
  /** The store of CustomResourceDefinitions. */
  readonly definitions: ResourceStore;
  readonly log: Log;
}

/** How long a definition that could not be dealt with waits for another try. */
const retryMs = 1000;

/**
 * Serves what CustomResourceDefinitions define: follows them, keeps their conditions, installs their kinds in the
 * registry and removes their objects with them. Definitions are dealt with one after another, so that names are given
 * out once.
 */
export class CustomResources {
  readonly #options: CustomResourcesOptions;
  readonly #served = new Map<string, ServedDefinition>();
  readonly #cleanup: Cleanup;
  readonly #waiting = new Set<string>();
  #isWorking = false;
  #isStopped = false;

  private constructor(options: CustomResourcesOptions) {
    this.#options = options;
    this.#cleanup = new Cleanup(options.definitions, {
      now: () => options.clock.now(),
      isBuiltIn: (definition) => this.#overlapsBuiltIn(definition),
      enqueue: (name) => this.#enqueue(name),
    });
  }

  /** Serves every definition there is, then follows changes until `stop`. */
  static async start(options: CustomResourcesOptions): Promise<CustomResources> {
    const served = new CustomResources(options);
    await options.definitions.cache.watch({}, {
      events(batch) {
        for (const { type, entry } of batch) {
          const definition = decodeStored(entry.value) as CustomResourceDefinition;
          served.#serve(entry.name, type === "DELETED" ? undefined : definition);
          served.#enqueue(entry.name);
          if (type === "DELETED") served.#enqueueGroup(definition.spec.group);
        }
      },
      bookmark() {},
      // Only when the server stops.
      closed: () => void (served.#isStopped = true),
    });
    return served;
  }

  /** Installs, renews or removes the kinds of a definition. */
  #serve(name: string, definition: CustomResourceDefinition | undefined): void {
    const current = this.#served.get(name);
    const isServed = definition && !this.#overlapsBuiltIn(definition) &&
      (areNamesAccepted(definition) || isEstablished(definition)) &&
      Boolean(definition.status?.acceptedNames?.plural && definition.status.acceptedNames.kind);
    if (isServed && current?.isOf(definition)) return current.update(definition);
    current?.remove();
    this.#served.delete(name);
    if (isServed) this.#served.set(name, new ServedDefinition(definition, this.#options));
  }

  #overlapsBuiltIn({ spec }: CustomResourceDefinition): boolean {
    for (const { kind } of this.#options.registry.all()) {
      if (kind.group === spec.group && kind.plural === spec.names.plural && isBuiltIn(kind)) {
        return true;
      }
    }
    return false;
  }

  #enqueueGroup(group: string): void {
    for (const definition of this.#definitionsOf(group)) this.#enqueue(definition.metadata.name!);
  }

  #definitionsOf(group: string): CustomResourceDefinition[] {
    const { cache } = this.#options.definitions;
    return cache.entries().map((entry) => decodeStored(entry.value) as CustomResourceDefinition)
      .filter(({ spec }) => spec.group === group);
  }

  #enqueue(name: string): void {
    this.#waiting.add(name);
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // Not within the delivery of the change: its writer is still to be answered.
    await Promise.resolve();
    for (const name of this.#waiting) {
      this.#waiting.delete(name);
      if (this.#isStopped) break;
      try {
        await this.#reconcile(name);
      } catch (error) {
        this.#retry(name, error);
      }
    }
    this.#isWorking = false;
  }

  #retry(name: string, error: unknown): void {
    const { log, clock } = this.#options;
    if (this.#isStopped || isStatus(error, "NotFound")) return;
    log.error("Custom resource definition not dealt with", error, { name });
    clock.after(retryMs, () => {
      if (!this.#isStopped) this.#enqueue(name);
    });
  }

  async #reconcile(name: string): Promise<void> {
    const { definitions, clock } = this.#options;
    const entry = definitions.cache.get(keyOf(definitions.kind, "", name));
    if (!entry) return;
    const definition = decodeStored(entry.value) as CustomResourceDefinition;
    const store = this.#served.get(name)?.store;
    if (await this.#cleanup.advance(definition, store)) return;
    const taken = takenNames(this.#definitionsOf(definition.spec.group));
    const status = nextStatus(definition, { taken, now: timestamp(clock.now()) });
    if (!status) return;
    const releases = definition.status?.acceptedNames;
    const { resourceVersion } = definition.metadata;
    await definitions.update(
      definitions.kind,
      name,
      (current) => {
        // Somebody changed it meanwhile: that change comes here as well.
        if (current.metadata.resourceVersion !== resourceVersion) return current;
        return { ...current, status } as CustomResourceDefinition;
      },
      statusScope,
      { direct: true, claimsFields: true },
    );
    if (releases) this.#enqueueGroup(definition.spec.group);
  }
}
