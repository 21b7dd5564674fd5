import { createHash } from "node:crypto";
import { compactVerify } from "jose";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { Secret } from "../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import { quoteList } from "../authorization/policy_rule.ts";
import type { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import type { UserInfo } from "../server/request_context.ts";
import { type AuthenticatedToken, type TokenAuthenticator, TokenError } from "./bearer_token.ts";
import { BoundedCache } from "../../shared/cache/bounded_cache.ts";
import { serviceAccountGroups, serviceAccountUser } from "./service_account.ts";
import {
  LEGACY_ISSUER,
  type LegacyClaims,
  type ObjectClaim,
  type ServiceAccountClaims,
} from "./service_account_claims.ts";

/** Clocks differ: the leeway of every time in a token. */
const LEEWAY_MS = 60_000;
/** Tokens whose signature was verified lately: about 1 kB each. */
const MAX_CACHED = 4096;

export interface ServiceAccountTokenOptions {
  readonly keys: ServiceAccountKeys;
  /** Whether what a token is bound to still exists. */
  readonly reader: Pick<AdmissionReader, "get">;
  readonly clock: Clock;
  /** E.g. `https://kubernetes.default.svc`. */
  readonly issuer: string;
  /** What the API server calls itself as an audience. */
  readonly audiences: readonly string[];
}

/**
 * Accepts tokens of service accounts: those of TokenRequest, and those kept in secrets. A signature is verified once
 * per token and then remembered; time and bound objects are judged on every use.
 */
export function serviceAccountTokenAuthenticator(
  options: ServiceAccountTokenOptions,
): TokenAuthenticator {
  const verified = new BoundedCache<string, Token>(MAX_CACHED);
  return {
    name: "serviceaccount",
    async authenticateToken(token, audiences) {
      const digest = createHash("sha256").update(token).digest("base64");
      let known = verified.get(digest);
      if (!known) {
        if (!isOurs(token, options.issuer)) return undefined;
        known = await verify(token, options.keys);
        if (!known) return undefined;
        verified.set(digest, known);
      }
      return "kubernetes.io" in known.claims
        ? judge(known.claims, known.user, audiences, options)
        : judgeLegacy(known.claims, known.user, { token, audiences }, options);
    },
  };
}

interface Token {
  readonly claims: ServiceAccountClaims | LegacyClaims;
  readonly user: UserInfo;
}

/** Looks before verifying: tokens of other issuers are somebody else's to judge. */
function isOurs(token: string, issuer: string): boolean {
  const parts = token.split(".");
  if (parts.length !== 3) return false;
  try {
    const payload = atob(parts[1]!.replaceAll("-", "+").replaceAll("_", "/"));
    const { iss } = JSON.parse(payload) as { iss?: unknown };
    return iss === issuer || iss === LEGACY_ISSUER;
  } catch {
    return false;
  }
}

async function verify(token: string, keys: ServiceAccountKeys): Promise<Token | undefined> {
  try {
    const { payload } = await compactVerify(token, ({ kid }) => {
      const key = kid === undefined ? undefined : keys.verifier(kid);
      if (!key) throw new TokenError("invalid signature, unable to verify");
      return key;
    }, { algorithms: ["ES256"] });
    const claims = JSON.parse(new TextDecoder().decode(payload));
    return { claims, user: userOf(claims) };
  } catch {
    // A forged token is told nothing.
    return undefined;
  }
}

function userOf(claims: ServiceAccountClaims | LegacyClaims): UserInfo {
  if (!("kubernetes.io" in claims)) {
    const namespace = claims["kubernetes.io/serviceaccount/namespace"];
    return {
      name: claims.sub,
      uid: claims["kubernetes.io/serviceaccount/service-account.uid"],
      groups: serviceAccountGroups(namespace),
    };
  }
  const { namespace, serviceaccount, pod, node } = claims["kubernetes.io"];
  const extra: Record<string, readonly string[]> = {};
  const add = (key: string, value: string | undefined) => {
    if (value) extra[`authentication.kubernetes.io/${key}`] = [value];
  };
  add("credential-id", claims.jti && `JTI=${claims.jti}`);
  add("node-name", node?.name);
  add("node-uid", node?.uid);
  add("pod-name", pod?.name);
  add("pod-uid", pod?.uid);
  return {
    name: serviceAccountUser({ namespace, name: serviceaccount.name }),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    extra,
  };
}

function judge(
  claims: ServiceAccountClaims,
  user: UserInfo,
  audiences: readonly string[],
  { reader, clock, audiences: own }: ServiceAccountTokenOptions,
): AuthenticatedToken {
  const wanted = audiences.length > 0 ? audiences : own;
  const meant = claims.aud.filter((audience) => wanted.includes(audience));
  if (meant.length === 0) {
    throw new TokenError(
      `token audiences ${quoteList(claims.aud)} is invalid for the target audiences ${
        quoteList(wanted)
      }`,
    );
  }
  const now = clock.now();
  if (now > claims.exp * 1000 + LEEWAY_MS) {
    throw new TokenError("service account token has expired");
  }
  if (now < claims.nbf * 1000 - LEEWAY_MS) {
    throw new TokenError("service account token is not valid yet");
  }
  const { namespace, serviceaccount, pod, secret, node } = claims["kubernetes.io"];
  const bound = (plural: string, where: string, claim: ObjectClaim | undefined) => {
    if (claim) mustExist(reader.get("", plural, where, claim.name), claim, now);
  };
  bound("serviceaccounts", namespace, serviceaccount);
  bound("secrets", namespace, secret);
  bound("pods", namespace, pod);
  // A pod's token stands with its pod; only a token bound to the node itself falls with the node.
  if (!pod) bound("nodes", "", node);
  return { user, audiences: meant };
}

function judgeLegacy(
  claims: LegacyClaims,
  user: UserInfo,
  given: { readonly token: string; readonly audiences: readonly string[] },
  { reader, clock, audiences: own }: ServiceAccountTokenOptions,
): AuthenticatedToken {
  const namespace = claims["kubernetes.io/serviceaccount/namespace"];
  const secretName = claims["kubernetes.io/serviceaccount/secret.name"];
  const name = claims["kubernetes.io/serviceaccount/service-account.name"];
  const uid = claims["kubernetes.io/serviceaccount/service-account.uid"];
  const now = clock.now();
  const secret = reader.get<Secret>("", "secrets", namespace, secretName);
  mustExist(secret, { name: secretName }, now);
  const kept = secret?.data?.token;
  if (kept === undefined || atob(kept) !== given.token) {
    throw new TokenError("service account token has been invalidated");
  }
  mustExist(reader.get("", "serviceaccounts", namespace, name), { name, uid }, now);
  const wanted = given.audiences.length > 0 ? given.audiences : own;
  const meant = own.filter((audience) => wanted.includes(audience));
  if (meant.length === 0) {
    throw new TokenError(
      `token audiences ${quoteList(own)} is invalid for the target audiences ${quoteList(wanted)}`,
    );
  }
  return { user, audiences: meant };
}

/** There, the same object as when the token was made, and not deleted more than a minute ago. */
function mustExist(object: KubeObject | undefined, claim: ObjectClaim, now: number): void {
  const deleted = object?.metadata.deletionTimestamp;
  const gone = deleted !== undefined && Date.parse(deleted) < now - LEEWAY_MS;
  if (!object || gone || (claim.uid !== undefined && object.metadata.uid !== claim.uid)) {
    throw new TokenError("service account token has been invalidated");
  }
}
