import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import type { UserInfo } from "../../server/request_context.ts";
import { type TokenAuthenticator, TokenError } from "../bearer_token.ts";
import type { JwtAuthenticatorConfig } from "./jwt_configuration.ts";
import { KeySet, type KeySetDeps } from "./key_set.ts";

/** Signatures that are accepted: asymmetric ones alone, so that no public key passes for a secret. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
];
/** Longer tokens are nobody's. */
const maxTokenLength = 64 * 1024;

/**
 * Accepts the tokens of one issuer (OpenID Connect ID tokens), as an AuthenticationConfiguration says. Tokens of other
 * issuers are somebody else's to judge.
 */
export function jwtAuthenticator(
  config: JwtAuthenticatorConfig,
  deps: KeySetDeps,
): TokenAuthenticator {
  const keys = new KeySet(config.issuer, deps);
  void keys.refresh();
  return {
    name: `jwt ${config.issuer.url}`,
    async authenticateToken(token, audiences) {
      if (issuerOf(token) !== config.issuer.url) return undefined;
      if (!keys.ready) await keys.refresh();
      if (!keys.ready) throw new TokenError("oidc: authenticator not initialized");
      const claims = await verified(token, { config, keys, now: deps.clock.now() });
      checkRules(config, claims);
      return { user: userOf(config, claims), audiences };
    },
  };
}

function issuerOf(token: string): string | undefined {
  if (token.length > maxTokenLength || token.split(".").length !== 3) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

async function verified(
  token: string,
  { config, keys, now }: {
    readonly config: JwtAuthenticatorConfig;
    readonly keys: KeySet;
    readonly now: number;
  },
): Promise<JWTPayload> {
  const { url, audiences } = config.issuer;
  try {
    const { payload } = await jwtVerify(token, keys.getKey, {
      algorithms,
      issuer: url,
      audience: [...audiences],
      requiredClaims: ["exp"],
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    throw new TokenError(`oidc: verify token: ${reasonOf(cause, audiences)}`, { cause });
  }
}

function reasonOf(error: Error, audiences: readonly string[]): string {
  if (error instanceof errors.JWTExpired) return "oidc: token is expired";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
    const given = [error.payload.aud ?? []].flat();
    return `oidc: expected audience in ${list(audiences)} got ${list(given)}`;
  }
  return error.message;
}

function list(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}

function checkRules(
  { claimValidationRules = [] }: JwtAuthenticatorConfig,
  claims: JWTPayload,
): void {
  for (const { claim = "", requiredValue = "" } of claimValidationRules) {
    if (!(claim in claims)) {
      throw new TokenError(`oidc: required claim ${claim} not present in ID token`);
    }
    const value = claims[claim];
    if (typeof value !== "string") throw new TokenError(`oidc: parse claim ${claim}: not a string`);
    if (value !== requiredValue) {
      throw new TokenError(
        `oidc: required claim ${claim} value does not match. Got = ${value}, want = ${requiredValue}`,
      );
    }
  }
}

function userOf({ claimMappings }: JwtAuthenticatorConfig, claims: JWTPayload): UserInfo {
  const { username, groups, uid } = claimMappings;
  const name = stringClaim(claims, username.claim!, "username claims");
  if (username.claim === "email" && "email_verified" in claims && claims.email_verified !== true) {
    throw new TokenError("oidc: email not verified");
  }
  const id = claims.jti;
  return {
    name: (username.prefix ?? "") + name,
    groups: groups?.claim ? groupsOf(claims, groups.claim, groups.prefix ?? "") : [],
    ...(uid?.claim && { uid: stringClaim(claims, uid.claim, "uid claim") }),
    ...(id && { extra: { "authentication.kubernetes.io/credential-id": [`JTI=${id}`] } }),
  };
}

function stringClaim(claims: JWTPayload, claim: string, what: string): string {
  const value = claims[claim];
  if (value === undefined) {
    throw new TokenError(`oidc: parse ${what} ${JSON.stringify(claim)}: claim not present`);
  }
  if (typeof value !== "string" || value === "") {
    throw new TokenError(`oidc: parse ${what} ${JSON.stringify(claim)}: not a string`);
  }
  return value;
}

/** One group, several, or none if the claim is not there. */
function groupsOf(claims: JWTPayload, claim: string, prefix: string): readonly string[] {
  const given = claims[claim];
  if (given === undefined || given === null) return [];
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!all.every((group) => typeof group === "string")) {
    throw new TokenError(`oidc: parse groups claim ${JSON.stringify(claim)}: not strings`);
  }
  return (all as readonly string[]).map((group) => prefix + group);
}
