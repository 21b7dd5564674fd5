import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { boundedJson } from "../../../shared/client/bounded_json.ts";
import type {
  HttpsTransport,
  HttpsTransportConfig,
} from "../../../shared/client/https_transport.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { JwtAuthenticatorConfig } from "./jwt_configuration.ts";

export interface KeySetDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Reaches a server, by HTTPS. */
  readonly connect: (config: HttpsTransportConfig) => HttpsTransport;
}

/** A token with an unknown key makes us look for new ones at most this often. */
const refreshMs = 10_000;
/** Keys are fetched anew this often even if all are known: a key that is withdrawn must go. */
const maxAgeMs = 60 * 60_000;
const timeoutMs = 10_000;
const maxBytes = 1024 * 1024;

/**
 * The keys of an issuer, found by OpenID Connect discovery when a token first asks for them. An issuer that cannot be
 * reached is asked again, not more often than every ten seconds, however many tokens come.
 */
export class KeySet {
  readonly #issuer: JwtAuthenticatorConfig["issuer"];
  readonly #deps: KeySetDeps;
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  #location: string | undefined;
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #fetching: Promise<void> | undefined;

  constructor(issuer: JwtAuthenticatorConfig["issuer"], deps: KeySetDeps) {
    this.#issuer = issuer;
    this.#deps = deps;
  }

  /** Whether there are any keys (yet). */
  get ready(): boolean {
    return this.#keys !== undefined;
  }

  /** For `jwtVerify`: the key that a token names. Rejects if there is none. */
  readonly getKey: JWTVerifyGetKey = async (header, token) => {
    if (this.#deps.clock.monotonic() - this.#fetchedAt > maxAgeMs) await this.refresh();
    try {
      return await this.#known()(header, token);
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_JWKS_NO_MATCHING_KEY") throw error;
      await this.refresh();
      return await this.#known()(header, token);
    }
  };

  /** Fetches the keys unless that was tried a moment ago. Never rejects: what went wrong is in the log. */
  refresh(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    if (this.#fetching) return this.#fetching;
    if (now - this.#triedAt < refreshMs) return Promise.resolve();
    this.#triedAt = now;
    this.#fetching = this.#fetch().catch((error) => {
      this.#deps.log.error("Keys of a token issuer cannot be fetched", error, {
        issuer: this.#issuer.url,
      });
    }).finally(() => this.#fetching = undefined);
    return this.#fetching;
  }

  #known() {
    if (!this.#keys) throw new Error("the issuer's keys are not known");
    return this.#keys;
  }

  async #fetch(): Promise<void> {
    this.#location ??= await this.#discover();
    const keys = await this.#get(this.#location).catch((error) => {
      // It may have moved.
      this.#location = undefined;
      throw error;
    });
    this.#keys = createLocalJWKSet(keys as JSONWebKeySet);
    this.#fetchedAt = this.#deps.clock.monotonic();
  }

  async #discover(): Promise<string> {
    const { url, discoveryURL } = this.#issuer;
    const place = discoveryURL || `${url.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const { issuer, jwks_uri: location } = await this.#get(place) as Record<string, unknown>;
    if (issuer !== url) {
      throw new Error(`the issuer is ${JSON.stringify(issuer)} by its own account`);
    }
    if (typeof location !== "string" || !location.startsWith("https://")) {
      throw new Error("the issuer does not say where its keys are");
    }
    return location;
  }

  async #get(place: string): Promise<unknown> {
    const { origin, pathname, search } = new URL(place);
    const { certificateAuthority: caPem } = this.#issuer;
    const transport = this.#deps.connect({ server: origin, ...(caPem && { caPem }) });
    try {
      const request = { method: "GET" as const, path: pathname + search };
      return await boundedJson(transport, request, { ...this.#deps, timeoutMs, maxBytes });
    } finally {
      transport.close();
    }
  }
}
