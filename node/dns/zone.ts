import ipaddr from "ipaddr.js";
import { isIP } from "node:net";
import type { Service } from "../../shared/api/core/v1/types.gen.ts";
import type { Endpoint, EndpointSlice } from "../../shared/api/discovery/v1/types.gen.ts";
import type { DnsRecord, Question, ResponseCode } from "./message.ts";

/** What the zone is made from. Keys are `namespace/name` of Services. */
export interface ZoneSource {
  service(key: string): Service | undefined;
  slices(key: string): readonly EndpointSlice[];
  hasNamespace(namespace: string): boolean;
  /** Services with this cluster IP. */
  servicesAt(address: string): readonly Service[];
  /** Slices with an endpoint of this address that has a name of its own. */
  slicesAt(address: string): readonly EndpointSlice[];
}

/** What the zone says. An answer without records but with `NOERROR` means: the name is there, but not this type. */
export interface ZoneAnswer {
  readonly code: Extract<ResponseCode, "NOERROR" | "NXDOMAIN">;
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** Seconds: addresses of Services rarely change, those of endpoints do. */
const SERVICE_TTL = 30;
const ENDPOINT_TTL = 5;
const SCHEMA_VERSION = "1.1.0";
const SERVICE_NAME = "kubernetes.io/service-name";

const missing: ZoneAnswer = { code: "NXDOMAIN", answers: [], additionals: [] };
const nothing: ZoneAnswer = { code: "NOERROR", answers: [], additionals: [] };

/**
 * The answer by the Kubernetes DNS specification (kubernetes/dns, version 1.1.0); undefined if the name is not in
 * the cluster's zone nor the reverse of one of its addresses, so that others must be asked.
 */
export function answerZone(
  question: Question,
  domain: string,
  source: ZoneSource,
): ZoneAnswer | undefined {
  const name = question.name.toLowerCase().replace(/\.$/, "");
  const asked: Asked = { question, domain, source };
  const address = reverseAddress(name);
  if (address !== undefined) return answerReverse(asked, address);
  if (name === domain) return answerApex(asked);
  if (!name.endsWith(`.${domain}`)) return undefined;
  const labels = name.slice(0, -domain.length - 1).split(".");
  const branch = labels.pop();
  if (branch === "svc") return answerServices(asked, labels);
  if (branch === "pod") return answerPods(asked, labels);
  if (branch === "dns-version" && labels.length === 0) {
    return records(asked, [record(asked, "TXT", SCHEMA_VERSION, SERVICE_TTL)]);
  }
  return missing;
}

/** Says how long "no" may be believed (RFC 2308). */
export function startOfAuthority(domain: string): DnsRecord {
  const times = { serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: ENDPOINT_TTL };
  const data = { mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, ...times };
  return { name: domain, type: "SOA", ttl: ENDPOINT_TTL, data };
}

interface Asked {
  readonly question: Question;
  readonly domain: string;
  readonly source: ZoneSource;
}

/** Of `all` those of the type that was asked for; the name exists in any case. */
function records(
  { question: { type } }: Asked,
  all: readonly DnsRecord[],
  additionals: readonly DnsRecord[] = [],
): ZoneAnswer {
  const answers = all.filter((each) => each.type === type || type === "ANY");
  return { code: "NOERROR", answers, additionals: answers.length > 0 ? additionals : [] };
}

/** The owner is written as it was asked for: some resolvers check the case. */
function record(
  { question: { name } }: Asked,
  type: "TXT" | "PTR" | "CNAME" | "NS",
  data: string,
  ttl: number,
): DnsRecord {
  return { name, type, ttl, data };
}

function addressRecord(name: string, address: string, ttl: number): DnsRecord {
  return { name, type: address.includes(":") ? "AAAA" : "A", ttl, data: address };
}

function answerApex(asked: Asked): ZoneAnswer {
  const { domain } = asked;
  const ns = record(asked, "NS", `ns.dns.${domain}`, SERVICE_TTL);
  return records(asked, [startOfAuthority(domain), ns]);
}

function answerPods(asked: Asked, labels: readonly string[]): ZoneAnswer {
  const { question: { name }, source } = asked;
  const [first, second] = labels;
  if (first === undefined) return nothing;
  if (second === undefined) return source.hasNamespace(first) ? nothing : missing;
  const address = labels.length === 2 ? undashed(first) : undefined;
  if (address === undefined || !source.hasNamespace(second)) return missing;
  return records(asked, [addressRecord(name, address, ENDPOINT_TTL)]);
}

function undashed(label: string): string | undefined {
  const candidates = [label.replaceAll("-", "."), label.replaceAll("-", ":")];
  return candidates.find((address) => isIP(address) !== 0);
}

function answerServices(asked: Asked, labels: readonly string[]): ZoneAnswer {
  const { source } = asked;
  const namespace = labels.at(-1);
  const name = labels.at(-2);
  if (namespace === undefined) return nothing;
  if (name === undefined) return source.hasNamespace(namespace) ? nothing : missing;
  const key = `${namespace}/${name}`;
  const service = source.service(key);
  if (!service) return missing;
  const below = labels.slice(0, -2);
  if (service.spec?.type === "ExternalName") return answerExternalName(asked, service, below);
  const context = { ...asked, service, endpoints: readyEndpoints(source.slices(key)) };
  if (below.length === 0) return answerService(context);
  if (below.length === 2) return answerPort(context, below);
  if (below.length > 2) return missing;
  return /^_(tcp|udp|sctp)$/.test(below[0]!) ? nothing : answerEndpoint(context, below[0]!);
}

/** The answer to an address question is the alias alone; following it is the server's task. */
function answerExternalName(
  asked: Asked,
  { spec }: Service,
  below: readonly string[],
): ZoneAnswer {
  const target = spec?.externalName?.replace(/\.$/, "");
  if (below.length > 0 || !target) return missing;
  const alias = record(asked, "CNAME", target, SERVICE_TTL);
  return { code: "NOERROR", answers: [alias], additionals: [] };
}

interface NamedEndpoint {
  readonly address: string;
  /** Its name below the Service: its hostname, or its address with dashes. */
  readonly label: string;
  readonly slice: EndpointSlice;
}

interface OfService extends Asked {
  readonly service: Service;
  readonly endpoints: readonly NamedEndpoint[];
}

/** `publishNotReadyAddresses` has made them ready already. */
function readyEndpoints(slices: readonly EndpointSlice[]): NamedEndpoint[] {
  const found = new Map<string, NamedEndpoint>();
  for (const slice of slices) {
    if (slice.addressType === "FQDN") continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue;
      for (const address of endpoint.addresses) {
        const id = `${address} ${slice.ports?.map(({ name, port }) => `${name}:${port}`)}`;
        found.set(id, { address, label: labelOf(endpoint, address), slice });
      }
    }
  }
  return [...found.values()];
}

function labelOf({ hostname }: Endpoint, address: string): string {
  return hostname ?? address.replace(/[.:]/g, "-");
}

function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIP === undefined || spec.clusterIP === "None" || spec.clusterIP === "";
}

function clusterAddresses({ spec }: Service): readonly string[] {
  return spec?.clusterIPs ?? [spec?.clusterIP ?? ""];
}

function answerService(context: OfService): ZoneAnswer {
  const { question: { name }, service, endpoints } = context;
  if (!isHeadless(service)) {
    const all = clusterAddresses(service);
    return records(context, all.map((address) => addressRecord(name, address, SERVICE_TTL)));
  }
  const unique = new Set(endpoints.map(({ address }) => address));
  return records(
    context,
    [...unique].map((address) => addressRecord(name, address, ENDPOINT_TTL)),
  );
}

function answerEndpoint(context: OfService, label: string): ZoneAnswer {
  const { question: { name }, endpoints } = context;
  const unique = new Set(
    endpoints.filter((each) => each.label === label).map(({ address }) => address),
  );
  if (unique.size === 0) return missing;
  return records(
    context,
    [...unique].map((address) => addressRecord(name, address, ENDPOINT_TTL)),
  );
}

/** `_port._protocol`: where, and at which number, a named port is. */
function answerPort(context: OfService, [port = "", protocol = ""]: readonly string[]): ZoneAnswer {
  const { question: { name }, service, domain, endpoints } = context;
  const base = `${service.metadata.name}.${service.metadata.namespace}.svc.${domain}`;
  const isAsked = (each: { name?: string | undefined; protocol?: string | undefined }) =>
    `_${each.name}` === port && `_${(each.protocol ?? "TCP").toLowerCase()}` === protocol;
  const places = isHeadless(service)
    ? endpoints.flatMap(({ address, label, slice }) =>
      (slice.ports ?? []).filter(isAsked).map((each) => ({
        target: `${label}.${base}`,
        port: each.port ?? 0,
        addresses: [address],
        ttl: ENDPOINT_TTL,
      }))
    )
    : (service.spec?.ports ?? []).filter(isAsked).map((each) => ({
      target: base,
      port: each.port,
      addresses: clusterAddresses(service),
      ttl: SERVICE_TTL,
    }));
  if (places.length === 0) return missing;
  const weight = Math.max(1, Math.floor(100 / places.length));
  return records(
    context,
    places.map(({ target, port, ttl }) => ({
      name,
      type: "SRV",
      ttl,
      data: { priority: 0, weight, port, target },
    })),
    places.flatMap(({ target, addresses, ttl }) =>
      addresses.map((address) => addressRecord(target, address, ttl))
    ),
  );
}

function answerReverse(asked: Asked, address: string): ZoneAnswer | undefined {
  const { domain, source } = asked;
  const names = source.servicesAt(address).map(({ metadata }) =>
    `${metadata.name}.${metadata.namespace}.svc.${domain}`
  );
  for (const slice of source.slicesAt(address)) {
    const { namespace, labels } = slice.metadata;
    for (const { address: own, label } of readyEndpoints([slice])) {
      if (canonical(own) !== address) continue;
      names.push(`${label}.${labels?.[SERVICE_NAME]}.${namespace}.svc.${domain}`);
    }
  }
  if (names.length === 0) return undefined;
  return records(asked, [...new Set(names)].map((to) => record(asked, "PTR", to, ENDPOINT_TTL)));
}

/** The address that a name below `in-addr.arpa` or `ip6.arpa` is for, in canonical form. */
function reverseAddress(name: string): string | undefined {
  const four = name.match(/^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/);
  if (four) return four.slice(1).reverse().join(".");
  if (!/^([0-9a-f]\.){32}ip6\.arpa$/.test(name)) return undefined;
  const digits = name.slice(0, 64).split(".").reverse().join("");
  return canonical(digits.match(/.{4}/g)!.join(":"));
}

/** One spelling for each address (RFC 5952). */
export function canonical(address: string): string {
  return address.includes(":") ? ipaddr.parse(address).toString() : address;
}
