import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { WorkQueue } from "../../shared/workqueue/work_queue.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import { slicesOf } from "../network/service_endpoint.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import type { WriteScope } from "../registry/store_types.ts";
import {
  type Availability,
  failedCheck,
  local,
  passed,
  serviceProblem,
  withAvailability,
} from "./availability.ts";
import type { RemoteApi } from "./remote_api.ts";

export interface AvailabilityOptions {
  /** The store of APIServices. */
  readonly services: ResourceStore;
  readonly reader: AdmissionReader;
  /** Who answers for a remote APIService. */
  readonly remote: (name: string) => RemoteApi | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Network trouble announces itself by nothing that can be watched. */
const recheckMs = 30_000;
const probeMs = 5_000;
/** A Service may have sick endpoints among its ready ones: one that answers is enough. */
const probes = 5;
const workers = 5;
const group = "apiregistration.k8s.io";

/** Keeps the `Available` condition of APIServices: looks at Services and endpoints, and asks the servers. */
export class AvailabilityController {
  readonly #options: AvailabilityOptions;
  readonly #queue: WorkQueue;

  constructor(options: AvailabilityOptions) {
    this.#options = options;
    this.#queue = new WorkQueue(options.clock, { maxMs: recheckMs });
  }

  /** Works until `stop`. */
  start(): void {
    for (let i = 0; i < workers; i++) void this.#work();
  }

  stop(): void {
    this.#queue.stop();
  }

  /** Checks one APIService soon. */
  check(name: string): void {
    this.#queue.add(name);
  }

  /** Checks those behind a Service that changed, or whose endpoints did. */
  checkService(namespace: string, name: string): void {
    for (const { metadata, spec } of this.#options.reader.list<APIService>(group, "apiservices")) {
      const service = spec?.service;
      if (service?.namespace === namespace && service.name === name) this.check(metadata.name!);
    }
  }

  async #work(): Promise<void> {
    for (let name = await this.#queue.next(); name !== undefined; name = await this.#queue.next()) {
      try {
        await this.#sync(name);
      } catch (error) {
        this.#options.log.error("APIService's availability not written", error, { name });
        this.#queue.retry(name);
      }
      this.#queue.done(name);
    }
  }

  async #sync(name: string): Promise<void> {
    const service = this.#options.reader.get<APIService>(group, "apiservices", "", name);
    if (!service) return this.#queue.forget(name);
    const found = service.spec?.service ? await this.#judge(service) : local;
    await this.#write(name, found);
    if (!service.spec?.service) return;
    // A server that did not answer is asked again soon, then ever less often.
    if (found.reason === failedReason) this.#queue.retry(name);
    else {
      this.#queue.forget(name);
      this.#queue.add(name, recheckMs);
    }
  }

  async #judge(service: APIService): Promise<Availability> {
    const { reader, remote } = this.#options;
    const { name = "", namespace = "" } = service.spec?.service ?? {};
    const problem = serviceProblem(
      service,
      reader.get<Service>("", "services", namespace, name),
      slicesOf(reader, namespace, name),
    );
    if (problem) return problem;
    const api = remote(service.metadata.name!);
    if (!api) return failedCheck(new Error("the server is not known yet"));
    try {
      await probe(api);
      return passed;
    } catch (error) {
      return failedCheck(error as Error);
    }
  }

  async #write(name: string, found: Availability): Promise<void> {
    const { services, clock } = this.#options;
    const now = timestamp(clock.now());
    const update = (object: APIService) => {
      const { conditions } = object.status ?? {};
      const next = withAvailability(conditions, found, now);
      if (next !== conditions) object.status = { ...object.status, conditions: [...next] };
      return object;
    };
    const current = this.#options.reader.get<APIService>(group, "apiservices", "", name);
    const { conditions } = current?.status ?? {};
    if (!current || withAvailability(conditions, found, now) === conditions) return;
    try {
      const change = (object: unknown) => update(object as APIService);
      await services.update(services.kind, name, change, scope, {
        direct: true,
        claimsFields: true,
      });
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

const failedReason = failedCheck(new Error("")).reason;

/** Asks the server for its discovery document, some endpoints at once if the first does not answer. */
async function probe(api: RemoteApi): Promise<void> {
  try {
    await probeOnce(api);
  } catch {
    const others = Array.from({ length: probes - 1 }, () => probeOnce(api));
    await Promise.any(others).catch(({ errors }: AggregateError) => Promise.reject(errors.at(-1)));
  }
}

async function probeOnce(api: RemoteApi): Promise<void> {
  const { path } = api;
  const url = `https://${api.tls.serverName}${path}`;
  const failing = (message: string) =>
    new Error(`failing or missing response from ${url}: ${message}`);
  const answer = await api.ask({ path, accept: "application/json", timeoutMs: probeMs })
    .catch((error: Error) => Promise.reject(failing(error.message)));
  if (answer.code < 200 || answer.code >= 300) {
    throw failing(`bad status from ${url}: ${answer.code}`);
  }
}

const scope: WriteScope = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  namespace: "",
  subresource: "status",
  dryRun: false,
  fieldManager: "kube-apiserver",
  warn() {},
};
