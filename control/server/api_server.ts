import type { Hono } from "hono";
import { builtinKinds } from "../../shared/api/mod.ts";
import type { ClusterRole, PolicyRule } from "../../shared/api/rbac/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Log } from "../../shared/log/log.ts";
import {
  bearerTokenAuthenticator,
  type TokenAuthenticator,
  unionTokenAuthenticator,
} from "../authentication/bearer_token.ts";
import { bootstrapTokenAuthenticator } from "../authentication/bootstrap_token.ts";
import { clientCertificateAuthenticator } from "../authentication/client_certificate.ts";
import { Impersonator } from "../authentication/impersonation.ts";
import { serviceAccountIssuer } from "../authentication/service_account.ts";
import { ServiceAccountIssuer } from "../authentication/service_account_issuer.ts";
import { serviceAccountTokenAuthenticator } from "../authentication/service_account_token.ts";
import { unionAuthenticator } from "../authentication/union.ts";
import type { Auditor } from "../audit/auditor.ts";
import type { AgentConnections } from "../agents/agent_connections.ts";
import { backupEndpoint } from "../backup/backup_endpoint.ts";
import type { BackupSource } from "../backup/snapshot.ts";
import { PluginChain } from "../admission/chain.ts";
import { Aggregator } from "../aggregator/aggregator.ts";
import type { KeyPairPem } from "../certificates/authority.ts";
import { RegistryEquivalents } from "../admission/match/registry_equivalents.ts";
import { mutatingAdmissionPolicy } from "../admission/policy/mutating_admission_policy.ts";
import { validatingAdmissionPolicy } from "../admission/policy/validating_admission_policy.ts";
import { conditionMatcher } from "../admission/webhook/match_conditions.ts";
import { mutatingAdmissionWebhook } from "../admission/webhook/mutating_admission_webhook.ts";
import { validatingAdmissionWebhook } from "../admission/webhook/validating_admission_webhook.ts";
import { CustomResources } from "../apiextensions/custom_resources.ts";
import { standardPlugins } from "../admission/plugins/mod.ts";
import { escalationCheck } from "../authorization/escalation.ts";
import { nodeAuthorizer } from "../authorization/node.ts";
import { NodeGraph } from "../authorization/node_graph.ts";
import { RbacAuthorizer } from "../authorization/rbac.ts";
import { mastersAuthorizer, unionAuthorizer } from "../authorization/union.ts";
import { certificatesIn } from "../certificates/pem.ts";
import type { AuthorizerChain, ConfiguredAuthentication } from "../configured_auth.ts";
import type { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import { apiHandler } from "../endpoints/api_handler.ts";
import type { ConnectDependencies } from "../endpoints/connect/dependencies.ts";
import { Discovery } from "../endpoints/discovery/discovery.ts";
import { OpenApi } from "../endpoints/openapi/openapi.ts";
import type { ApiRegistry, Subresource } from "../endpoints/resource_request.ts";
import type { Network } from "../network/network.ts";
import { rbacObjects } from "../bootstrap/standard_objects.ts";
import { ServiceAllocation } from "../registry/core/service_allocation.ts";
import { StoreReader } from "../registry/reader.ts";
import { Registry } from "../registry/registry.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { WatchCache } from "../storage/cacher/watch_cache.ts";
import type { TimedStorage } from "../storage/storage.ts";
import { WebhookClient } from "../webhook/webhook_client.ts";
import { meteredAuthenticator, meteredAuthorizer } from "./auth_metrics.ts";
import { meteredStorage, watchStores } from "./storage_metrics.ts";
import { feedAuthorizers } from "./authorization_feed.ts";
import { expireEvents } from "./event_expiry.ts";
import { runFlows } from "./flow_feed.ts";
import { flowLimits, type RequestLimits, standardLimits } from "./flow_limits.ts";
import { followFlowSchemas } from "./flow_schema_status.ts";
import {
  type Authorities,
  keepAuthenticationConfig,
  writeStandardObjects,
} from "./standard_objects.ts";
import { impersonation } from "./filters/impersonation.ts";
import { newApp } from "./handler_chain.ts";
import type { HealthCheck } from "./health.ts";
import { installKinds, type InstallOptions } from "./install.ts";
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
  /** Absent: nothing is recorded. */
  readonly auditor?: Auditor | undefined;
  /** Who is believed beside the cluster's own certificates and tokens. */
  readonly authentication?: ConfiguredAuthentication | undefined;
  /** Default: Node and RBAC. */
  readonly authorizers?: AuthorizerChain | undefined;
  /** Default: `standardLimits`. */
  readonly limits?: RequestLimits | undefined;
  /** What a backup holds besides the objects. */
  readonly backup?: Omit<BackupSource, "storage">;
  /** How the server reaches webhooks and extension servers. */
  readonly network: Network;
  /** What the server shows to extension servers. */
  readonly proxyCertificate: () => KeyPairPem | undefined;
  /** PEM of the root that proves `proxyCertificate`. */
  readonly proxyAuthority?: string;
  /** Makes the endpoints that lead to nodes, by `group/plural` (see `connectSubresources`). */
  readonly connections?: (
    parts: Pick<ConnectDependencies, "reader" | "admission">,
  ) => Readonly<Record<string, readonly Subresource[]>>;
}

/** The API server without its listener: everything between a request and the store. */
export class ApiServer {
  readonly app: Hono<Env>;
  readonly registry: ApiRegistry;
  readonly reader: StoreReader;
  readonly authorizer: Authorizer;
  readonly tokens: ServiceAccountIssuer;
  /** Tells extension servers of other authorities. */
  readonly trust: (authorities: Authorities) => void;
  readonly #cache: WatchCache;
  readonly #stopping: AbortController;

  private constructor(parts: {
    readonly app: Hono<Env>;
    readonly registry: ApiRegistry;
    readonly reader: StoreReader;
    readonly authorizer: Authorizer;
    readonly tokens: ServiceAccountIssuer;
    readonly trust: (authorities: Authorities) => void;
    readonly cache: WatchCache;
    readonly stopping: AbortController;
  }) {
    this.app = parts.app;
    this.registry = parts.registry;
    this.reader = parts.reader;
    this.authorizer = parts.authorizer;
    this.tokens = parts.tokens;
    this.trust = parts.trust;
    this.#cache = parts.cache;
    this.#stopping = parts.stopping;
  }

  /** Loads the state, fills in what a fresh cluster lacks, and is then ready for requests. */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { clock, random, log, serviceCidr, metrics } = options;
    const storage = meteredStorage(options.storage, metrics.registry, clock);
    const cache = new WatchCache(storage, { clock });
    const reader = new StoreReader();
    const registry: ApiRegistry = new Registry();
    const stopping = new AbortController();
    const { rbac, nodes, authorizer } = authorization(options.authorizers);
    const audiences = [serviceAccountIssuer];
    const issuer = serviceAccountIssuer;
    const shared = { keys: options.serviceAccountKeys, reader, clock, issuer, audiences };
    const tokenAuthenticator = unionTokenAuthenticator([
      serviceAccountTokenAuthenticator(shared),
      bootstrapTokenAuthenticator(reader, clock),
      ...options.authentication?.tokens ?? [],
    ]);
    const tokens = new ServiceAccountIssuer({ ...shared, random });
    const services = new ServiceAllocation({ serviceCidr, random });
    const storeOf = (group: string, plural: string) => storeNamed(registry, group, plural);
    const webhooks = new WebhookClient({ network: options.network, reader, clock, random });
    const judging = { reader, registry, rbac, authorizer, webhooks, storeOf };
    const admission = admissionOf(options, judging);
    const install: InstallOptions = {
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
        reviews: { authorizer, rbac, tokens: tokenAuthenticator, audiences, clock },
        reader,
        clock,
        admission,
        storeOf,
        connections: options.connections?.({ reader, admission }) ?? {},
      }),
    };
    installKinds(builtinKinds, install);
    await cache.start();
    const definitions = storeOf("apiextensions.k8s.io", "customresourcedefinitions");
    await CustomResources.start({ ...install, definitions, log });
    for (const service of reader.list("", "services")) services.restore(service);
    await feedAuthorizers({ rbac, nodes, storeOf, clock });
    const ready = { bootstrapped: false };
    watchStores(metrics.registry, registry, clock);
    const limits = flowLimits(options.limits ?? standardLimits, { ...options, registry });
    const { signal } = stopping;
    const aggregator = await Aggregator.start({ ...options, reader, storeOf, stopping: signal });
    const app = appOf(options, {
      limits,
      tokenAuthenticator,
      tokens,
      authorizer,
      registry,
      aggregator,
      stopping: signal,
      ready,
    });
    await writeStandardObjects(options, { stores: storesOf(registry) });
    const trust = await keepAuthenticationConfig(storeOf("", "configmaps"), options);
    await startUpkeep({ storeOf, clock, log });
    if ("flows" in limits) await runFlows(limits.flows, storeOf, signal);
    ready.bootstrapped = true;
    signal.addEventListener("abort", () => webhooks.close());
    return new ApiServer({ app, registry, reader, authorizer, tokens, trust, cache, stopping });
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

/** What the server itself does about objects, until the watch cache ends. */
async function startUpkeep(options: Parameters<typeof followFlowSchemas>[0]): Promise<void> {
  await followFlowSchemas(options);
  await expireEvents(options.storeOf("", "events"), options);
}

/** The way of every request, from its first byte to the handlers. */
function appOf(
  options: ApiServerOptions,
  { limits, tokenAuthenticator, tokens, authorizer, registry, aggregator, stopping, ready }: {
    readonly limits: ReturnType<typeof flowLimits>;
    readonly tokenAuthenticator: TokenAuthenticator;
    readonly tokens: ServiceAccountIssuer;
    readonly authorizer: Authorizer;
    readonly registry: ApiRegistry;
    readonly aggregator: Aggregator;
    readonly stopping: AbortSignal;
    readonly ready: { readonly bootstrapped: boolean };
  },
): Hono<Env> {
  const { clock, random, log, auditor, authentication } = options;
  return newApp({
    authenticator: meteredAuthenticator(
      unionAuthenticator([
        ...authentication?.requests ?? [],
        clientCertificateAuthenticator(
          clock,
          // TLS then believes the front proxies' authority too, whose certificates name no users.
          (authentication?.requests ?? []).length > 0
            ? () => certificatesIn(options.clientAuthority)
            : undefined,
        ),
        bearerTokenAuthenticator(tokenAuthenticator),
      ], authentication?.anonymous),
      options.metrics.registry,
      clock,
    ),
    impersonation: impersonation(new Impersonator(authorizer)),
    authorizer: meteredAuthorizer(authorizer, options.metrics.registry, clock),
    limits,
    deadline: { clock, timeoutMs: (options.limits ?? standardLimits).timeoutMs },
    audit: auditor && { auditor, clock, random },
    observe: options.metrics.observe(clock),
    aggregated: (c) => aggregator.respond(c),
    resources: apiHandler({ registry, storage: options.storage, clock, random, stopping }),
    paths: pathHandler({
      discovery: new Discovery(registry, aggregator.discovery),
      openApi: new OpenApi(registry, aggregator.openApi),
      tokens,
      keys: options.serviceAccountKeys,
      metrics: options.metrics,
      advertise: options.advertise,
      checks: healthChecks(ready, stopping),
      agents: options.agents,
      backup: backupOf(options),
    }),
    log,
  });
}

/** The plugins that judge writes, those that users configure among them. */
function admissionOf(
  { clock, random, log }: ApiServerOptions,
  { reader, registry, rbac, authorizer, webhooks, storeOf }: {
    readonly reader: StoreReader;
    readonly registry: ApiRegistry;
    readonly rbac: RbacAuthorizer;
    readonly authorizer: Authorizer;
    readonly webhooks: WebhookClient;
    readonly storeOf: (group: string, plural: string) => ResourceStore;
  },
): PluginChain {
  const quotas = quotaWriter(() => storeOf("", "resourcequotas"));
  const kinds = new RegistryEquivalents(registry);
  const judged = { reader, kinds, served: registry, authorizer };
  const conditions = conditionMatcher(authorizer);
  const asked = { reader, kinds, client: webhooks, conditions, random, log };
  return new PluginChain(
    standardPlugins({ reader, authorizer, quotas, clock, random }, {
      policies: [
        mutatingAdmissionPolicy(judged),
        mutatingAdmissionWebhook(asked),
        validatingAdmissionPolicy(judged),
        validatingAdmissionWebhook(asked),
      ],
      last: [escalationCheck(rbac, authorizer)],
    }),
  );
}

/** Who is asked, in order, and the two that must be told what changes. */
function authorization(chain?: AuthorizerChain) {
  const rbac = new RbacAuthorizer();
  const nodes = new NodeGraph();
  const standard = { Node: nodeAuthorizer(nodes, nodeRules()), RBAC: rbac };
  const authorizer = unionAuthorizer([
    mastersAuthorizer(),
    ...chain?.(standard) ?? [standard.Node, standard.RBAC],
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
