import type { KubeObject } from "../../shared/api/kind.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { bootstrap, bootstrapObjects, type BootstrapWriter } from "../bootstrap/bootstrap.ts";
import { authenticationConfig } from "../bootstrap/installation_objects.ts";
import { splitApiVersion } from "../endpoints/decode_body.ts";
import { ipv4ToText, parseIpv4Range } from "../registry/core/address_pool.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored, keyOf } from "../registry/stored_object.ts";
import type { WriteScope } from "../registry/store_types.ts";

/** What proves clients, and this server to extension servers. */
export interface Authorities {
  /** PEM of the roots that verify client certificates. */
  readonly clientAuthority: string;
  /** PEM of the root that proves the server to extension servers; absent: there is no such proof. */
  readonly proxyAuthority?: string;
}

export interface StandardObjectsOptions extends Authorities {
  readonly clock: Clock;
  readonly log: Log;
  readonly advertise: { readonly address: string; readonly port: number };
  readonly serviceCidr: string;
}

/** Makes sure of everything that every cluster has: namespaces, roles, the `kubernetes` Service and so on. */
export async function writeStandardObjects(
  options: StandardObjectsOptions,
  { stores }: { readonly stores: readonly ResourceStore[] },
): Promise<void> {
  const { clock, log, advertise, serviceCidr } = options;
  const objects = bootstrapObjects({
    serviceCidrs: [serviceCidr],
    serviceAddress: serviceAddressOf(serviceCidr),
    advertised: { addresses: [advertise.address], port: advertise.port },
    ...trustOf(options),
    now: timestamp(clock.now()),
  });
  const made = isLoopback(advertise.address)
    ? objects.filter(({ kind }) => kind !== "Endpoints" && kind !== "EndpointSlice")
    : objects;
  const written = await bootstrap(made, storeWriter(stores), log);
  if (written > 0) log.info("Standard objects written", { written });
}

/**
 * Keeps the ConfigMap from which extension servers learn whom to believe, whoever changes or deletes it. Returns what
 * writes it anew for other authorities.
 */
export async function keepAuthenticationConfig(
  store: ResourceStore,
  options: StandardObjectsOptions,
): Promise<(authorities: Authorities) => void> {
  let object = authenticationConfig(trustOf(options));
  const write = () => void bootstrap([object], storeWriter([store]), options.log);
  const { namespace, name } = object.metadata;
  await store.cache.watch({ namespace }, {
    events(batch) {
      if (batch.some(({ entry }) => entry.name === name)) write();
    },
    bookmark() {},
    closed() {},
  });
  return (authorities) => {
    object = authenticationConfig(trustOf(authorities));
    write();
  };
}

function trustOf({ clientAuthority, proxyAuthority }: Authorities) {
  if (proxyAuthority === undefined) return { clientAuthority };
  const requestHeader = { authority: proxyAuthority, allowedNames: ["front-proxy-client"] };
  return { clientAuthority, requestHeader };
}

/** A server that only this machine reaches cannot be an endpoint: the API refuses such addresses. */
function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** The cluster IP of the `kubernetes` Service: the first address of the service network. */
export function serviceAddressOf(serviceCidr: string): string {
  return ipv4ToText(parseIpv4Range(serviceCidr).first);
}

/** Writes straight to the stores, as the server itself. */
function storeWriter(stores: readonly ResourceStore[]): BootstrapWriter {
  const byKind = new Map(stores.map((store) => [`${store.kind.group}/${store.kind.kind}`, store]));
  const storeFor = (object: KubeObject): ResourceStore => {
    const [group] = splitApiVersion(object.apiVersion);
    const store = byKind.get(`${group}/${object.kind}`);
    if (!store) throw new TypeError(`Cannot write ${object.kind}: it is not served`);
    return store;
  };
  return {
    find(object) {
      const { kind, cache } = storeFor(object);
      const { namespace = "", name = "" } = object.metadata;
      const entry = cache.get(keyOf(kind, namespace, name));
      return Promise.resolve(entry && decodeStored(entry.value));
    },
    async create(object) {
      const store = storeFor(object);
      await store.create(store.kind, structuredClone(object), scopeOf(object), { direct: true });
    },
    async update(object) {
      const store = storeFor(object);
      const next = () => structuredClone(object);
      await store.update(store.kind, object.metadata.name!, next, scopeOf(object), {
        direct: true,
      });
    },
    async delete(object) {
      const store = storeFor(object);
      await store.delete(store.kind, object.metadata.name!, {}, scopeOf(object));
    },
  };
}

function scopeOf({ metadata }: KubeObject): WriteScope {
  return {
    user: { name: "system:apiserver", groups: ["system:masters"] },
    namespace: metadata.namespace ?? "",
    subresource: "",
    dryRun: false,
    fieldManager: "kube-apiserver",
    warn() {},
  };
}
