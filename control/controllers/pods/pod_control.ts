import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import type { EventRecorder } from "../../../shared/client/events.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { isStatus, StatusError } from "../../../shared/meta/status_error.ts";

/** Creates and deletes pods for their owners, tells users by events, and remembers what it did. */
export class PodControl {
  readonly #client: Client;
  readonly #events: EventRecorder;
  readonly #writes: OwnWrites<Pod>;

  constructor(client: Client, events: EventRecorder, writes: OwnWrites<Pod>) {
    this.#client = client;
    this.#events = events;
    this.#writes = writes;
  }

  /** Rejects with what the server said, except in a namespace that is going away, where nothing is to be done. */
  async create(owner: KubeObject, pod: Pod): Promise<void> {
    try {
      const created = await this.#client.create(resources.pods, pod);
      this.#writes.wrote(created);
      const message = `Created pod: ${created.metadata.name}`;
      this.#events.event(owner, "Normal", "SuccessfulCreate", message);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      this.#events.event(owner, "Warning", "FailedCreate", `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  /** A pod that is gone already is success. */
  async delete(owner: KubeObject, pod: Pod): Promise<void> {
    const { namespace, name = "", uid } = pod.metadata;
    try {
      await this.#client.delete(resources.pods, { namespace, name }, {
        ...(uid !== undefined && { preconditions: { uid } }),
      });
    } catch (error) {
      if (isStatus(error, "NotFound")) return;
      this.#events.event(owner, "Warning", "FailedDelete", `Error deleting: ${messageOf(error)}`);
      throw error;
    }
    this.#writes.deleted(pod);
    this.#events.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${name}`);
  }
}

/** Whether a create was refused because the namespace is being deleted. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof StatusError &&
    (error.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
