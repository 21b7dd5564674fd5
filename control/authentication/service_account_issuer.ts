import { SignJWT } from "jose";
import type {
  BoundObjectReference,
  TokenRequest,
} from "../../shared/api/authentication/v1/types.gen.ts";
import type { Pod, Secret, ServiceAccount } from "../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import { type FieldError, invalid } from "../../shared/meta/field_error.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import { serviceAccountUser } from "./service_account.ts";
import {
  type KubernetesClaim,
  LEGACY_ISSUER,
  type LegacyClaims,
  type ObjectClaim,
  type ServiceAccountClaims,
} from "./service_account_claims.ts";

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
/**
 * What the ServiceAccount admission plugin asks for in a pod. Such a token lives for a year, because old clients
 * read it only once; `warnafter` says when they should have read it again (KEP-1205).
 */
const POD_TOKEN_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

export interface ServiceAccountIssuerOptions {
  readonly keys: ServiceAccountKeys;
  readonly reader: Pick<AdmissionReader, "get">;
  readonly clock: Clock;
  readonly random: Random;
  readonly issuer: string;
  /** What a token is meant for if the request does not say. */
  readonly audiences: readonly string[];
}

/** Fills in how long a token lives if the request does not say. */
export function defaultTokenRequest(request: TokenRequest): void {
  request.spec ??= { audiences: [] };
  request.spec.expirationSeconds ??= DEFAULT_SECONDS;
}

/** Makes service account tokens: `POST serviceaccounts/<name>/token`, and the tokens kept in secrets. */
export class ServiceAccountIssuer {
  readonly #options: ServiceAccountIssuerOptions;

  constructor(options: ServiceAccountIssuerOptions) {
    this.#options = options;
  }

  /**
   * Answers a TokenRequest for the account `namespace/name`; the returned object is what the client gets. Throws
   * `StatusError` for what the reference refuses.
   */
  async answer(
    request: TokenRequest,
    account: { readonly namespace: string; readonly name: string },
  ): Promise<TokenRequest> {
    const { reader, clock, random, issuer, audiences } = this.#options;
    const { namespace, name } = account;
    const found = reader.get<ServiceAccount>("", "serviceaccounts", namespace, name);
    if (!found) throw notFound("serviceaccounts", name);
    const spec = {
      audiences: request.spec?.audiences?.length ? request.spec.audiences : [...audiences],
      expirationSeconds: request.spec?.expirationSeconds ?? DEFAULT_SECONDS,
      boundObjectRef: request.spec?.boundObjectRef ?? null,
    };
    checkExpiration(spec.expirationSeconds);
    const bound = spec.boundObjectRef && this.#bind(spec.boundObjectRef, account);
    const now = Math.floor(clock.now() / 1000);
    const extended = bound?.pod !== undefined && spec.expirationSeconds === POD_TOKEN_SECONDS &&
      spec.audiences.every((audience) => audiences.includes(audience));
    const kubernetes: KubernetesClaim = {
      namespace,
      ...bound,
      serviceaccount: claimOf(found),
      ...(extended && { warnafter: now + spec.expirationSeconds }),
    };
    const token = await this.#sign({
      aud: spec.audiences,
      exp: now + (extended ? EXTENDED_SECONDS : spec.expirationSeconds),
      iat: now,
      iss: issuer,
      jti: random.uuid(),
      "kubernetes.io": kubernetes,
      nbf: now,
      sub: serviceAccountUser(account),
    });
    return response(found, spec, {
      token,
      created: now,
      expires: now + spec.expirationSeconds,
    });
  }

  /** The token for a secret of type `kubernetes.io/service-account-token`; it lives as long as the secret. */
  async legacyToken(account: ServiceAccount, secret: Secret): Promise<string> {
    const { namespace = "", name = "", uid = "" } = account.metadata;
    return await this.#sign({
      iss: LEGACY_ISSUER,
      sub: serviceAccountUser({ namespace, name }),
      "kubernetes.io/serviceaccount/namespace": namespace,
      "kubernetes.io/serviceaccount/secret.name": secret.metadata.name ?? "",
      "kubernetes.io/serviceaccount/service-account.name": name,
      "kubernetes.io/serviceaccount/service-account.uid": uid,
    });
  }

  /** `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0); `host` is where clients reach the API. */
  discoveryDocument(host: string): Readonly<Record<string, unknown>> {
    return {
      issuer: this.#options.issuer,
      jwks_uri: `https://${host}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    };
  }

  async #sign(claims: ServiceAccountClaims | LegacyClaims): Promise<string> {
    const { kid, key } = this.#options.keys.signer;
    return await new SignJWT({ ...claims } as Record<string, unknown>)
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(key);
  }

  /** The claims about the object that the token is to stand or fall with. */
  #bind(
    ref: BoundObjectReference,
    account: { readonly namespace: string; readonly name: string },
  ): Pick<KubernetesClaim, "pod" | "secret" | "node"> {
    const { reader } = this.#options;
    const { kind = "", apiVersion = "", name = "" } = ref;
    const plural = boundPlurals[`${apiVersion} ${kind}`];
    if (plural === undefined) {
      const group = apiVersion.includes("/") ? apiVersion : `/${apiVersion}`;
      throw new StatusError(
        "BadRequest",
        `cannot bind token to object of type ${group}, Kind=${kind}`,
      );
    }
    const namespace = plural === "nodes" ? "" : account.namespace;
    const object = reader.get("", plural, namespace, name);
    if (!object) throw notFound(plural, name);
    if (plural === "pods") checkPodAccount(object as Pod, account.name);
    if (ref.uid && ref.uid !== object.metadata.uid) throw uidConflict(kind, name, ref.uid);
    const claim = claimOf(object);
    if (plural === "secrets") return { secret: claim };
    if (plural === "nodes") return { node: claim };
    return { ...this.#nodeOf(object as Pod), pod: claim };
  }

  #nodeOf(pod: Pod): { readonly node?: ObjectClaim } {
    const name = pod.spec?.nodeName;
    if (!name) return {};
    const node = this.#options.reader.get("", "nodes", "", name);
    return { node: node ? claimOf(node) : { name } };
  }
}

const boundPlurals: Readonly<Record<string, "pods" | "secrets" | "nodes">> = {
  "v1 Pod": "pods",
  "v1 Secret": "secrets",
  "v1 Node": "nodes",
};

function claimOf({ metadata }: KubeObject): ObjectClaim {
  return { name: metadata.name ?? "", uid: metadata.uid ?? "" };
}

function checkExpiration(seconds: number): void {
  const path = "spec.expirationSeconds";
  const errors: FieldError[] = [];
  if (seconds < MIN_SECONDS) {
    errors.push(invalid(path, seconds, "may not specify a duration less than 10 minutes"));
  }
  if (seconds > MAX_SECONDS) {
    errors.push(invalid(path, seconds, "may not specify a duration larger than 2^32 seconds"));
  }
  const [error] = errors;
  if (!error) return;
  throw new StatusError(
    "Invalid",
    `TokenRequest.authentication.k8s.io "" is invalid: ${error.path}: ${error.message}`,
    {
      details: {
        group: "authentication.k8s.io",
        kind: "TokenRequest",
        causes: [{ reason: error.reason, message: error.message, field: error.path }],
      },
    },
  );
}

function checkPodAccount(pod: Pod, account: string): void {
  if (pod.spec?.serviceAccountName === account) return;
  throw new StatusError(
    "BadRequest",
    `cannot bind token for serviceaccount ${
      JSON.stringify(account)
    } to pod running with different serviceaccount name.`,
  );
}

function uidConflict(kind: string, name: string, uid: string): StatusError {
  return new StatusError(
    "Conflict",
    `Operation cannot be fulfilled on ${kind} ${JSON.stringify(name)}: the UID in the bound ` +
      `object reference (${uid}) does not match the UID in record. The object might have been ` +
      "deleted and then recreated",
    { details: { name, kind } },
  );
}

function notFound(plural: string, name: string): StatusError {
  return new StatusError("NotFound", `${plural} ${JSON.stringify(name)} not found`, {
    details: { name, kind: plural },
  });
}

function response(
  account: ServiceAccount,
  spec: object,
  token: { readonly token: string; readonly created: number; readonly expires: number },
): TokenRequest {
  const { name, namespace, uid } = account.metadata;
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, uid, creationTimestamp: timestamp(token.created * 1000) },
    spec,
    status: { token: token.token, expirationTimestamp: timestamp(token.expires * 1000) },
  };
}
