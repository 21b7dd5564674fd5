import { type HttpsTransport, httpsTransport } from "../shared/client/https_transport.ts";
import { parseKubeconfig } from "../shared/client/kubeconfig.ts";
import type { Clock } from "../shared/clock/clock.ts";
import type { Log } from "../shared/log/log.ts";
import type { TokenAuthenticator } from "./authentication/bearer_token.ts";
import { cachedTokens, forOwnAudiences } from "./authentication/cached_tokens.ts";
import { jwtAuthenticator } from "./authentication/jwt/jwt_authenticator.ts";
import {
  type AnonymousConfig,
  readAuthenticationConfiguration,
} from "./authentication/jwt/jwt_configuration.ts";
import { requestHeaderAuthenticator } from "./authentication/request_header.ts";
import { serviceAccountIssuer } from "./authentication/service_account.ts";
import type { AuthConfig } from "./authentication/settings.ts";
import { webhookTokenAuthenticator } from "./authentication/webhook_token.ts";
import {
  type AuthorizerConfig,
  readAuthorizationConfiguration,
} from "./authorization/authorization_configuration.ts";
import { alwaysAllow, alwaysDeny } from "./authorization/union.ts";
import { webhookAuthorizer } from "./authorization/webhook_authorizer.ts";
import { certificatesIn } from "./certificates/pem.ts";
import type { Authenticator, Authorizer } from "./server/request_context.ts";
import { type Webhook, webhook } from "./webhook/webhook.ts";

export interface AuthDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly readFile: (path: string) => string;
}

/** Who is believed beside the cluster's own certificates and tokens. */
export interface ConfiguredAuthentication {
  readonly requests: readonly Authenticator[];
  readonly tokens: readonly TokenAuthenticator[];
  readonly anonymous: AnonymousConfig;
}

/** Makes an authorizer chain of the standard ones. */
export type AuthorizerChain = (
  standard: Readonly<Record<"Node" | "RBAC", Authorizer>>,
) => readonly Authorizer[];

/** Verified tokens of issuers are believed for so long, as the reference does. */
const issuerCacheMs = 10_000;
const tokenReviewMs = 30_000;

/** The authenticators that a configuration asks for. Throws ConfigError, or the file system's error. */
export function configuredAuthentication(
  config: AuthConfig,
  deps: AuthDeps,
): ConfiguredAuthentication {
  const path = config.authenticationConfig;
  const { jwt, anonymous = { enabled: config.anonymousAuth } } = path === ""
    ? { jwt: [] }
    : readAuthenticationConfiguration({ path, text: deps.readFile(path) }, [serviceAccountIssuer]);
  const connect = httpsTransport;
  const issuers = jwt.map((one) => {
    const authenticator = jwtAuthenticator(one, { ...deps, connect });
    return cachedTokens(forOwnAudiences(authenticator, [serviceAccountIssuer]), {
      clock: deps.clock,
      acceptedMs: issuerCacheMs,
      refusedMs: 0,
    });
  });
  return {
    requests: requestHeaders(config, deps),
    tokens: [...issuers, ...tokenWebhooks(config, deps)],
    anonymous,
  };
}

function requestHeaders(config: AuthConfig, deps: AuthDeps): Authenticator[] {
  const path = config.requestheaderClientCaFile;
  if (path === "") return [];
  return [requestHeaderAuthenticator({
    clock: deps.clock,
    authorities: certificatesIn(deps.readFile(path)),
    allowedNames: config.requestheaderAllowedNames,
    usernameHeaders: config.requestheaderUsernameHeaders,
    uidHeaders: config.requestheaderUidHeaders,
    groupHeaders: config.requestheaderGroupHeaders,
    extraHeaderPrefixes: config.requestheaderExtraHeadersPrefix,
  })];
}

function tokenWebhooks(config: AuthConfig, deps: AuthDeps): TokenAuthenticator[] {
  const path = config.authenticationTokenWebhookConfigFile;
  if (path === "") return [];
  const asked = webhookAt(path, tokenReviewMs, deps);
  const ttl = config.authenticationTokenWebhookCacheTtlSeconds * 1000;
  const authenticator = webhookTokenAuthenticator(asked, config.authenticationTokenWebhookVersion);
  return [cachedTokens(authenticator, { clock: deps.clock, acceptedMs: ttl, refusedMs: ttl })];
}

/** The authorizers that a configuration asks for; undefined: the standard ones. Throws as `configuredAuthentication`. */
export function configuredAuthorization(
  { authorizationConfig: path }: AuthConfig,
  deps: AuthDeps,
): AuthorizerChain | undefined {
  if (path === "") return undefined;
  const configs = readAuthorizationConfiguration({ path, text: deps.readFile(path) });
  const webhooks = new Map(
    configs.filter(({ webhook }) => webhook).map((one) => [one, webhookAuthorizerOf(one, deps)]),
  );
  return (standard) =>
    configs.map((one) => {
      if (one.type === "Node" || one.type === "RBAC") return standard[one.type];
      if (one.type === "AlwaysAllow") return alwaysAllow;
      return webhooks.get(one) ?? alwaysDeny;
    });
}

function webhookAuthorizerOf(
  { name, webhook: config }: AuthorizerConfig,
  deps: AuthDeps,
): Authorizer {
  const asked = webhookAt(config!.connectionInfo.kubeConfigFile, config!.timeout, deps);
  return webhookAuthorizer(name, config!, { ...deps, webhook: asked });
}

function webhookAt(path: string, timeoutMs: number, { clock, readFile }: AuthDeps): Webhook {
  const target = parseKubeconfig(readFile(path), { readFile });
  const transport: HttpsTransport = httpsTransport(target, { clock });
  return webhook({ transport, clock, timeoutMs });
}
