import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import {
  type Authority,
  authorityFromKey,
  createAuthority,
  isPair,
  issueLeaf,
  type KeyPairPem,
  type LeafRequest,
  loadAuthority,
  renewAuthority,
} from "./authority.ts";
import type { FileStore } from "./file_store.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { ServiceAccountKeys } from "./service_account_keys.ts";

/** The roots and their common names, by the names of their files. */
const authorityNames = { "ca": "coracle-ca", "front-proxy-ca": "coracle-front-proxy-ca" } as const;
const DAY_MS = 24 * 3600_000;
const LEAF_LIFETIME_MS = 365 * DAY_MS;
const RETRY_MS = 60_000;
/** The longest that the rotate loop sleeps: a jump of the wall clock is noticed within this. */
const MAX_SLEEP_MS = 24 * 3600_000;

/** How the server is reached. */
export interface ServerNames {
  /** DNS domain of services, e.g. `cluster.local`. */
  readonly domain: string;
  readonly hostname: string;
  /** IP addresses: the listeners', the advertised one, and that of the `kubernetes` Service. */
  readonly addresses: readonly string[];
  /** Further DNS names that clients use. */
  readonly dnsNames?: readonly string[];
  /** What admin.kubeconfig points to, e.g. `https://10.0.0.5:6443`. */
  readonly url: string;
}

export interface CertificateManagerOptions {
  readonly store: FileStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly names: ServerNames;
}

type AuthorityName = keyof typeof authorityNames;
type LeafName = "serving" | "admin" | "front-proxy";
interface Leaf extends KeyPairPem {
  readonly renewAt: number;
}

/**
 * Everything the cluster's trust stands on, kept in one directory: `ca`, `serving`, `admin`, `front-proxy-ca` and
 * `front-proxy` (`.crt` and `.key`), `admin.kubeconfig` and the service account keys. Each is made when it is missing,
 * made anew past two thirds of its life, and the serving certificate also when names or addresses change. The roots
 * keep their keys when they are renewed. The front proxy has a root of its own: what that signs is believed when it
 * says who is asking, so nothing else may be signed by it.
 */
export class CertificateManager {
  readonly #options: CertificateManagerOptions;
  #names: ServerNames;
  readonly #authorities = new Map<AuthorityName, Authority>();
  #serviceAccountKeys!: ServiceAccountKeys;
  readonly #leaves = new Map<LeafName, Leaf>();
  readonly #handlers = new Set<() => void>();

  private constructor(options: CertificateManagerOptions) {
    this.#options = options;
    this.#names = options.names;
  }

  /** Reads what is there and makes what is missing or due. Throws rather than replace a root that is damaged. */
  static async open(options: CertificateManagerOptions): Promise<CertificateManager> {
    const manager = new CertificateManager(options);
    const { store, clock, log } = options;
    for (const name of ["ca", "front-proxy-ca"] as const) await manager.#openAuthority(name);
    manager.#serviceAccountKeys = await ServiceAccountKeys.open(store, clock.now(), log);
    await manager.renew();
    return manager;
  }

  /** Signs for others: kubelets' client certificates, CertificateSigningRequests. */
  get authority(): Authority {
    return this.#authorities.get("ca")!;
  }
  /** PEM of the roots that clients, nodes and pods (`kube-root-ca.crt`) trust. */
  get caBundle(): string {
    return this.authority.certificate;
  }
  /** For the TLS listener. */
  get serving(): KeyPairPem {
    return this.#leaves.get("serving")!;
  }
  /** CN=admin, O=system:masters. */
  get admin(): KeyPairPem {
    return this.#leaves.get("admin")!;
  }
  /** Shown to aggregated API servers. */
  get frontProxy(): KeyPairPem {
    return this.#leaves.get("front-proxy")!;
  }
  /** PEM of the root that the front proxy's certificate is proved by (`requestheader-client-ca-file`). */
  get frontProxyBundle(): string {
    return this.#authorities.get("front-proxy-ca")!.certificate;
  }
  get serviceAccountKeys(): ServiceAccountKeys {
    return this.#serviceAccountKeys;
  }

  /** When something falls due next, wall-clock milliseconds. */
  get renewAt(): number {
    return Math.min(
      ...this.#authorities.values().map((authority) => renewalTime(authority.x509)),
      this.#serviceAccountKeys.rotateAt,
      ...Array.from(this.#leaves.values(), (leaf) => leaf.renewAt),
    );
  }

  /** Calls `handler` whenever a certificate was replaced: the listener takes the new context. Returns a function that ends it. */
  onChange(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  /** Tells how the server is reached from now on; replaces the serving certificate if it does not say so. */
  async setNames(names: ServerNames): Promise<void> {
    this.#names = names;
    await this.renew();
  }

  /** Replaces what is due, missing or no longer fitting. Idempotent; a file is only written when it changes. */
  async renew(): Promise<void> {
    const now = this.#options.clock.now();
    let changed = false;
    for (const [name, authority] of this.#authorities) {
      if (renewalTime(authority.x509) > now) continue;
      await this.#keepAuthority(name, await renewAuthority(authority, { now }));
      changed = true;
    }
    if (this.#serviceAccountKeys.rotateAt <= now) await this.#serviceAccountKeys.rotate(now);
    for (const [name, request] of Object.entries(leafRequests(this.#names, now))) {
      if (await this.#renewLeaf(name as LeafName, request)) changed = true;
    }
    await this.#writeKubeconfig();
    if (changed) { for (const handler of this.#handlers) handler(); }
  }

  /** Renews for ever, until `signal` is aborted; a failure is logged and tried again a minute later. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let failed = false;
    while (!signal.aborted) {
      const wait = failed ? RETRY_MS : Math.max(0, this.renewAt - clock.now());
      try {
        await sleep(clock, Math.min(wait, MAX_SLEEP_MS), signal);
      } catch {
        return;
      }
      try {
        failed = false;
        if (this.renewAt <= clock.now()) await this.renew();
      } catch (error) {
        failed = true;
        log.error("Certificates could not be renewed", error, { retryInMs: RETRY_MS });
      }
    }
  }

  async #openAuthority(name: AuthorityName): Promise<void> {
    const { store, clock, log } = this.#options;
    const certificate = await store.read(`${name}.crt`);
    const key = await store.read(`${name}.key`);
    if (certificate !== undefined && key !== undefined) {
      this.#authorities.set(name, await loadAuthority({ certificate, key }));
      return;
    }
    if (certificate !== undefined) {
      throw new Error(`Cannot open the certificate directory: ${name}.key is missing`);
    }
    const now = clock.now();
    const commonName = authorityNames[name];
    const authority = key === undefined
      ? await createAuthority(commonName, { now })
      : await authorityFromKey(commonName, key, { now });
    await this.#keepAuthority(name, authority);
    log.info("Certificate authority made", { name, notAfter: authority.x509.notAfter });
  }

  /** The key goes first: a certificate without its key would stop the next start. */
  async #keepAuthority(name: AuthorityName, authority: Authority): Promise<void> {
    await writePair(this.#options.store, name, authority);
    this.#authorities.set(name, authority);
  }

  async #renewLeaf(name: LeafName, request: LeafRequest): Promise<boolean> {
    const { store, clock, log } = this.#options;
    const authority = this.#authorities.get(name === "front-proxy" ? "front-proxy-ca" : "ca")!;
    const pair = this.#leaves.get(name) ?? await readPair(store, name);
    if (pair && fits(pair, request, authority, clock.now())) {
      const renewAt = renewalTime(new x509.X509Certificate(pair.certificate));
      this.#leaves.set(name, { ...pair, renewAt });
      return false;
    }
    const made = await issueLeaf(authority, request);
    await writePair(store, name, made);
    const certificate = new x509.X509Certificate(made.certificate);
    this.#leaves.set(name, { ...made, renewAt: renewalTime(certificate) });
    log.info("Certificate made", { name, notAfter: certificate.notAfter });
    return true;
  }

  async #writeKubeconfig(): Promise<void> {
    const { store } = this.#options;
    const text = kubeconfig(this.admin, {
      server: this.#names.url,
      authority: this.caBundle,
      user: "admin",
    });
    if (await store.read("admin.kubeconfig") !== text) await store.write("admin.kubeconfig", text);
  }
}

function leafRequests(names: ServerNames, now: number): Record<LeafName, LeafRequest> {
  const common = { lifetimeMs: LEAF_LIFETIME_MS, now };
  const { domain, hostname, dnsNames = [], addresses } = names;
  return {
    serving: {
      ...common,
      commonName: "kube-apiserver",
      usages: ["digital signature", "server auth"],
      dnsNames: unique([
        ...["", ".default", ".default.svc", `.default.svc.${domain}`].map((end) =>
          `kubernetes${end}`
        ),
        "localhost",
        hostname,
        ...dnsNames,
      ]),
      addresses: unique(["127.0.0.1", "::1", ...addresses]),
    },
    admin: {
      ...common,
      commonName: "admin",
      organizations: ["system:masters"],
      usages: ["digital signature", "client auth"],
    },
    "front-proxy": {
      ...common,
      commonName: "front-proxy-client",
      usages: ["digital signature", "client auth"],
    },
  };
}

/** Whether a certificate is ours, says all the names it must, and is within two thirds of its life. */
function fits(
  pair: KeyPairPem,
  request: LeafRequest,
  authority: Authority,
  now: number,
): boolean {
  let certificate: x509.X509Certificate;
  try {
    certificate = new x509.X509Certificate(pair.certificate);
    if (!isPair(pair)) return false;
  } catch {
    return false;
  }
  if (certificate.issuer !== authority.x509.subject || !sameAuthorityKey(certificate, authority)) {
    return false;
  }
  if (renewalTime(certificate) <= now || certificate.notBefore.getTime() > now) return false;
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const has = new Set(names.map(({ type, value }) => `${type}:${canonical(type, value)}`));
  const wanted = [
    ...(request.dnsNames ?? []).map((name) => `dns:${name}`),
    ...(request.addresses ?? []).map((address) => `ip:${canonical("ip", address)}`),
  ];
  return wanted.length === has.size && wanted.every((name) => has.has(name));
}

function sameAuthorityKey(certificate: x509.X509Certificate, authority: Authority): boolean {
  const key = certificate.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId;
  return key === authority.x509.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
}

/** One spelling per IPv6 address, by way of URL's host rules (RFC 5952). */
function canonical(type: string, value: string): string {
  return type === "ip" && value.includes(":") ? new URL(`http://[${value}]`).hostname : value;
}

function unique(values: readonly string[]): string[] {
  const seen = new Map<string, string>();
  for (const value of values) {
    if (value !== "") seen.set(canonical(value.includes(":") ? "ip" : "dns", value), value);
  }
  return [...seen.values()];
}

function renewalTime(certificate: x509.X509Certificate): number {
  const from = certificate.notBefore.getTime();
  return from + Math.floor((certificate.notAfter.getTime() - from) * 2 / 3);
}

async function readPair(store: FileStore, name: string): Promise<KeyPairPem | undefined> {
  const certificate = await store.read(`${name}.crt`);
  const key = await store.read(`${name}.key`);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function writePair(store: FileStore, name: string, pair: KeyPairPem): Promise<void> {
  await store.write(`${name}.key`, pair.key);
  await store.write(`${name}.crt`, pair.certificate);
}
