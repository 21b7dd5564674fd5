import type { Hono } from "hono";
import { builtinKinds } from "../../shared/api/mod.ts";
import type { ClusterRole, PolicyRule } from "../../shared/api/rbac/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Log } from "../../shared/log/log.ts";
import {
  bearerTokenAuthenticator,
  unionTokenAuthenticator,
} from "../authentication/bearer_token.ts";
import { bootstrapTokenAuthenticator } from "../authentication/bootstrap_token.ts";
import { clientCertificateAuthenticator } from "../authentication/client_certificate.ts";
import { Impersonator } from "../authentication/impersonation.ts";
import { ServiceAccountIssuer } from "../authentication/service_account_issuer.ts";
import { serviceAccountTokenAuthenticator } from "../authentication/service_account_token.ts";
import { unionAuthenticator } from "../authentication/union.ts";
import type { AgentConnections } from "../agents/agent_connections.ts";
import { backupEndpoint } from "../backup/backup_endpoint.ts";
import type { BackupSource } from "../backup/snapshot.ts";
import { PluginChain } from "../admission/chain.ts";
import { standardPlugins } from "../admission/plugins/mod.ts";
import { escalationCheck } from "../authorization/escalation.ts";
import { nodeAuthorizer } from "../authorization/node.ts";
import { NodeGraph } from "../authorization/node_graph.ts";
import { RbacAuthorizer } from "../authorization/rbac.ts";
import { mastersAuthorizer, unionAuthorizer } from "../authorization/union.ts";
import type { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import { apiHandler } from "../endpoints/api_handler.ts";
import { Discovery } from "../endpoints/discovery/discovery.ts";
import type { ApiRegistry, Subresource } from "../endpoints/resource_request.ts";
import { rbacObjects } from "../bootstrap/standard_objects.ts";
import { ServiceAllocation } from "../registry/core/service_allocation.ts";
import { StoreReader } from "../registry/reader.ts";
import { Registry } from "../registry/registry.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { WatchCache } from "../storage/cacher/watch_cache.ts";
import type { TimedStorage } from "../storage/storage.ts";
import { feedAuthorizers } from "./authorization_feed.ts";
import { followFlowSchemas } from "./flow_schema_status.ts";
import { writeStandardObjects } from "./standard_objects.ts";
import { impersonation } from "./filters/impersonation.ts";
import { newApp } from "./handler_chain.ts";
import type { HealthCheck } from "./health.ts";
import { installKinds } from "./install.ts";
import type { Metrics } from "./metrics.ts";
import { builtinParticulars } from "./particulars.ts";
import { pathHandler, type PathsOptions } from "./paths.ts";
import { quotaWriter } from "./quota_writer.ts";
import type { Authorizer, Env } from "./request_context.ts";

export interface ApiServerOptions {
  readonly storage: TimedStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly serviceAccountKeys: ServiceAccountKeys;
  /** `host:port` at which clients reach the server; in discovery and the `kubernetes` Service. */
  readonly advertise: { readonly address: string; readonly port: number };
  readonly serviceCidr: string;
  /** PEM of the roots that verify client certificates. */
  readonly clientAuthority: string;
  readonly agents: AgentConnections;
  /** What a backup holds besides the objects. */
  readonly backup?: Omit<BackupSource, "storage">;
  /** Makes the endpoints that lead to nodes, by `group/plural` (see `connectSubresources`). */
  readonly connections?: (
    reader: StoreReader,
  ) => Readonly<Record<string, readonly Subresource[]>>;
}

/** What tokens are issued as and for. */
const issuer = "https://kubernetes.default.svc";

/** The API server without its listener: everything between a request and the store. */
export class ApiServer {
  readonly app: Hono<Env>;
  readonly registry: ApiRegistry;
  readonly reader: StoreReader;
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountIssuer;
  readonly #cache: WatchCache;
  readonly #stopping: AbortController;

  private constructor(parts: {
    readonly app: Hono<Env>;
    readonly registry: ApiRegistry;
    readonly reader: StoreReader;
    readonly authorizer: Authorizer;
    readonly tokens: ServiceAccountIssuer;
    readonly cache: WatchCache;
    readonly stopping: AbortController;
  }) {
    this.app = parts.app;
    this.registry = parts.registry;
    this.reader = parts.reader;
    this.authorizer = parts.authorizer;
    this.tokens = parts.tokens;
    this.#cache = parts.cache;
    this.#stopping = parts.stopping;
  }

  /** Loads the state, fills in what a fresh cluster lacks, and is then ready for requests. */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { storage, clock, random, log, serviceCidr } = options;
    const cache = new WatchCache(storage, { clock });
    const reader = new StoreReader();
    const registry: ApiRegistry = new Registry();
    const stopping = new AbortController();
    const { rbac, nodes, authorizer } = authorization();
    const shared = { keys: options.serviceAccountKeys, reader, clock, issuer, audiences: [issuer] };
    const tokenAuthenticator = unionTokenAuthenticator([
      serviceAccountTokenAuthenticator(shared),
      bootstrapTokenAuthenticator(reader, clock),
    ]);
    const tokens = new ServiceAccountIssuer({ ...shared, random });
    const services = new ServiceAllocation({ serviceCidr, random });
    const quotas = quotaWriter(() => storeOf("", "resourcequotas"));
    const storeOf = (group: string, plural: string) => storeNamed(registry, group, plural);
    const admission = new PluginChain(
      standardPlugins({ reader, authorizer, quotas, clock, random }, {
        last: [escalationCheck(rbac, authorizer)],
      }),
    );
    installKinds(builtinKinds, {
      registry,
      storage,
      cache,
      reader,
      clock,
      random,
      admission,
      particulars: builtinParticulars({
        services,
        tokens,
        reviews: { authorizer, rbac, tokens: tokenAuthenticator, audiences: [issuer], clock },
        reader,
        clock,
        admission,
        storeOf,
        connections: options.connections?.(reader) ?? {},
      }),
    });
    await cache.start();
    for (const service of reader.list("", "services")) services.restore(service);
    await feedAuthorizers({ rbac, nodes, storeOf, clock });
    const ready = { bootstrapped: false };
    const app = newApp({
      authenticator: unionAuthenticator([
        clientCertificateAuthenticator(clock),
        bearerTokenAuthenticator(tokenAuthenticator),
      ]),
      impersonation: impersonation(new Impersonator(authorizer)),
      authorizer,
      observe: options.metrics.observe(clock),
      resources: apiHandler({ registry, storage, clock, random, stopping: stopping.signal }),
      paths: pathHandler({
        discovery: new Discovery(registry),
        tokens,
        keys: options.serviceAccountKeys,
        metrics: options.metrics,
        advertise: options.advertise,
        checks: healthChecks(ready, stopping.signal),
        agents: options.agents,
        backup: backupOf(options),
      }),
      log,
    });
    await writeStandardObjects(options, { stores: storesOf(registry) });
    await followFlowSchemas({ storeOf, clock, log });
    ready.bootstrapped = true;
    return new ApiServer({ app, registry, reader, authorizer, tokens, cache, stopping });
  }

  /** The store of a built-in kind. */
  storeOf(group: string, plural: string): ResourceStore {
    return storeNamed(this.registry, group, plural);
  }

  /** Ends open watches and stops following the store. Requests that come later are refused. */
  stop(): void {
    this.#stopping.abort();
    this.#cache.stop();
  }
}

/** Who is asked, in order, and the two that must be told what changes. */
function authorization() {
  const rbac = new RbacAuthorizer();
  const nodes = new NodeGraph();
  const authorizer = unionAuthorizer([
    mastersAuthorizer(),
    nodeAuthorizer(nodes, nodeRules()),
    rbac,
  ]);
  return { rbac, nodes, authorizer };
}

/** What every node may do, by the standard role of that name. */
function nodeRules(): readonly PolicyRule[] {
  const role = rbacObjects().find(({ kind, metadata }) =>
    kind === "ClusterRole" && metadata.name === "system:node"
  );
  return (role as ClusterRole | undefined)?.rules ?? [];
}

function backupOf({ backup, storage, clock, log }: ApiServerOptions): PathsOptions["backup"] {
  return backup && backupEndpoint({ ...backup, storage, clock, log });
}

function storesOf(registry: ApiRegistry): ResourceStore[] {
  return [...new Set([...registry.all()].flatMap(({ store }) => store ? [store] : []))];
}

function storeNamed(registry: ApiRegistry, group: string, plural: string): ResourceStore {
  for (const { kind, store } of registry.all()) {
    if (kind.group === group && kind.plural === plural && store) return store;
  }
  throw new TypeError(`Cannot find the store of "${plural}.${group}"`);
}

function healthChecks(
  ready: { readonly bootstrapped: boolean },
  stopping: AbortSignal,
): readonly HealthCheck[] {
  const everywhere = ["healthz", "livez", "readyz"] as const;
  return [
    { name: "ping", endpoints: everywhere, check: () => undefined },
    { name: "log", endpoints: everywhere, check: () => undefined },
    { name: "etcd", endpoints: everywhere, check: () => undefined },
    {
      name: "poststarthook/rbac/bootstrap-roles",
      endpoints: everywhere,
      check: () => ready.bootstrapped ? undefined : "standard objects are not there yet",
    },
    {
      name: "shutdown",
      endpoints: ["readyz"],
      check: () => stopping.aborted ? "the server is stopping" : undefined,
    },
  ];
}
