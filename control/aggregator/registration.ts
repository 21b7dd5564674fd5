import type { CustomResourceDefinition } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import type { WriteScope } from "../registry/store_types.ts";
import { planRegistration } from "./automanaged.ts";

export interface RegistrationOptions {
  /** The store of APIServices. */
  readonly services: ResourceStore;
  readonly reader: AdmissionReader;
  readonly log: Log;
}

/** Registers the groups of custom resources as local APIServices, and takes back those that are gone. */
export class Registration {
  readonly #options: RegistrationOptions;
  #isWorking = false;
  #isDue = false;
  #isStopped = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** Compares and writes soon: definitions or APIServices have changed. */
  due(): void {
    this.#isDue = true;
    if (!this.#isWorking) void this.#work();
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    // Not within the delivery of the change: its writer is still to be answered.
    await Promise.resolve();
    while (this.#isDue && !this.#isStopped) {
      this.#isDue = false;
      try {
        await this.#write();
      } catch (error) {
        if (!this.#isStopped) this.#options.log.error("Groups not registered", error);
      }
    }
    this.#isWorking = false;
  }

  async #write(): Promise<void> {
    const { services, reader } = this.#options;
    const plan = planRegistration(
      reader.list<CustomResourceDefinition>("apiextensions.k8s.io", "customresourcedefinitions"),
      reader.list<APIService>("apiregistration.k8s.io", "apiservices"),
    );
    const { kind } = services;
    for (const service of plan.create) {
      await unless("AlreadyExists", services.create(kind, copy(service), scope, { direct: true }));
    }
    for (const { metadata: { name = "" }, spec } of plan.update) {
      const change = (object: KubeObject) => Object.assign(object, { spec });
      await unless("NotFound", services.update(kind, name, change, scope, { direct: true }));
    }
    for (const { metadata: { name = "", uid } } of plan.remove) {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      await unless("NotFound", services.delete(kind, name, preconditions, scope, { direct: true }));
    }
  }
}

/** Somebody else was faster: the change comes here as well. */
async function unless(reason: "AlreadyExists" | "NotFound", write: Promise<unknown>) {
  await write.catch((error: unknown) => {
    if (!isStatus(error, reason) && !isStatus(error, "Conflict")) throw error;
  });
}

function copy(service: APIService): KubeObject {
  return structuredClone(service) as KubeObject;
}

const scope: WriteScope = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  namespace: "",
  subresource: "",
  dryRun: false,
  fieldManager: "kube-apiserver",
  warn() {},
};
