import type { APIService } from "../../shared/api/apiregistration/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Log } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { hostPort } from "../../shared/stream/dial_message.ts";
import { forward } from "../endpoints/connect/proxy/forward.ts";
import { overTls } from "../network/tls_agent.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { RequestContext } from "../server/request_context.ts";
import type { WatchSink } from "../storage/cacher/cache.ts";
import { AvailabilityController } from "./availability_controller.ts";
import { DiscoveryFeed } from "./discovery_feed.ts";
import { Registration } from "./registration.ts";
import { isUserHeader, proxyHeaders } from "./proxy_headers.ts";
import { RemoteApi, type RemoteApiDependencies } from "./remote_api.ts";

export interface AggregatorOptions extends RemoteApiDependencies {
  readonly storeOf: (group: string, plural: string) => ResourceStore;
  readonly log: Log;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

const group = "apiregistration.k8s.io";

/**
 * Answers for the groups that other servers serve (APIServices with a Service): passes requests on, keeps their
 * conditions, and learns what they have for discovery. Registers the groups of custom resources among them.
 */
export class Aggregator {
  readonly discovery: DiscoveryFeed;
  readonly #options: AggregatorOptions;
  readonly #remotes = new Map<string, RemoteApi>();
  readonly #availability: AvailabilityController;
  readonly #registration: Registration;

  private constructor(options: AggregatorOptions) {
    const { clock, log, reader, storeOf } = options;
    this.#options = options;
    this.discovery = new DiscoveryFeed({ clock, log });
    this.#registration = new Registration({
      services: storeOf(group, "apiservices"),
      reader,
      log,
    });
    this.#availability = new AvailabilityController({
      services: storeOf(group, "apiservices"),
      reader,
      remote: (name) => this.#remotes.get(name),
      clock,
      log,
    });
  }

  /** Follows APIServices, and the Services and endpoints behind them, until the server stops. */
  static async start(options: AggregatorOptions): Promise<Aggregator> {
    const { storeOf, stopping } = options;
    const aggregator = new Aggregator(options);
    const availability = aggregator.#availability;
    availability.start();
    stopping.addEventListener("abort", () => aggregator.#stop());
    await follow(storeOf(group, "apiservices"), (object, isGone) => {
      aggregator.#change(object.metadata.name!, isGone ? undefined : object as APIService);
    });
    const definitions = storeOf("apiextensions.k8s.io", "customresourcedefinitions");
    await follow(definitions, () => aggregator.#registration.due());
    await follow(storeOf("", "services"), ({ metadata: { namespace = "", name = "" } }) => {
      availability.checkService(namespace, name);
    });
    await follow(storeOf("discovery.k8s.io", "endpointslices"), ({ metadata }) => {
      const service = metadata.labels?.["kubernetes.io/service-name"];
      if (service) availability.checkService(metadata.namespace ?? "", service);
    });
    return aggregator;
  }

  /** Every remote group and version. */
  get remotes(): Iterable<RemoteApi> {
    return this.#remotes.values();
  }

  /** Passes a request on if another server answers for its group and version; undefined: this one does. */
  async respond(c: RequestContext): Promise<Response | undefined> {
    if (this.#remotes.size === 0) return undefined;
    const api = this.#remotes.get(nameOf(c.get("info").path));
    if (!api) return undefined;
    if (!api.isAvailable) return plainError("service unavailable");
    try {
      return await this.#forward(c, api);
    } catch (error) {
      if (error instanceof StatusError) return plainError(error.message);
      throw error;
    }
  }

  async #forward(c: RequestContext, api: RemoteApi): Promise<Response> {
    const { raw } = c.req;
    const upgrade = c.env?.upgrade;
    const { pathname, search } = new URL(raw.url);
    const through = upgrade ? await this.#connect(api, raw.signal) : api.agent;
    return await forward(
      { raw, upgrade, signal: AbortSignal.any([raw.signal, this.#options.stopping]) },
      {
        target: api.tls.serverName,
        through,
        path: pathname + search,
        prefix: "",
        headers: proxyHeaders(c.get("user")),
        withheld: isUserHeader,
      },
    );
  }

  /** A connection of its own, for what will not be HTTP. */
  async #connect(api: RemoteApi, signal: AbortSignal) {
    const { network, clock, log } = this.#options;
    try {
      const to = api.destination();
      log.debug("Connection to an extension server", { server: hostPort(to.host, to.port) });
      return await overTls(await network.dial(to, signal), api.tls, clock);
    } catch (error) {
      throw new StatusError("ServiceUnavailable", (error as Error).message, { cause: error });
    }
  }

  #change(name: string, service: APIService | undefined): void {
    const known = this.#remotes.get(name);
    if (!service?.spec?.service) {
      if (known) this.#forget(name, known);
    } else if (!known || !sameServer(known.service, service)) {
      if (known) this.#forget(name, known);
      const api = new RemoteApi(service, this.#options);
      this.#remotes.set(name, api);
      this.discovery.add(name, api);
    } else if (known.update(service)) this.discovery.refresh(name);
    this.#availability.check(name);
    this.#registration.due();
  }

  #forget(name: string, api: RemoteApi): void {
    this.#remotes.delete(name);
    this.discovery.remove(name);
    api.close();
  }

  #stop(): void {
    this.#availability.stop();
    this.#registration.stop();
    this.discovery.stop();
    for (const api of this.#remotes.values()) api.close();
  }
}

/** The APIService that a path belongs to: `v1.apps` of `/apis/apps/v1/…`, `v1.` of `/api/v1/…`. */
function nameOf(path: string): string {
  const [root, first = "", second = ""] = path.split("/").filter((part) => part !== "");
  if (root === "api") return `${first}.`;
  return root === "apis" ? `${second}.${first}` : "";
}

/** Whether two states of an APIService lead to the same server in the same way. */
function sameServer(a: APIService, b: APIService): boolean {
  return JSON.stringify(a.spec) === JSON.stringify(b.spec);
}

/** As the reference's proxy answers: text, no Status. */
function plainError(message: string): Response {
  return new Response(`${message}\n`, {
    status: 503,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache, private",
    },
  });
}

type Change = (object: KubeObject, isGone: boolean) => void;

/** Tells every object there is, then every change. */
async function follow(store: ResourceStore, change: Change): Promise<void> {
  const sink: WatchSink = {
    events(batch) {
      for (const { type, entry } of batch) change(decodeStored(entry.value), type === "DELETED");
    },
    bookmark() {},
    closed() {},
  };
  await store.cache.watch({}, sink);
}
