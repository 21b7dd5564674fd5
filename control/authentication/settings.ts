import { isBetween, isOneOf, type Setting } from "../../shared/config/settings.ts";

/** Settings of who is believed and what they may do, under the reference's names. */
export interface AuthConfig {
  readonly anonymousAuth: boolean;
  readonly authenticationConfig: string;
  readonly authenticationTokenWebhookConfigFile: string;
  readonly authenticationTokenWebhookVersion: string;
  readonly authenticationTokenWebhookCacheTtlSeconds: number;
  readonly requestheaderClientCaFile: string;
  readonly requestheaderAllowedNames: readonly string[];
  readonly requestheaderUsernameHeaders: readonly string[];
  readonly requestheaderUidHeaders: readonly string[];
  readonly requestheaderGroupHeaders: readonly string[];
  readonly requestheaderExtraHeadersPrefix: readonly string[];
  readonly authorizationConfig: string;
}

const requestHeaderSettings: readonly Setting<keyof AuthConfig>[] = [
  {
    key: "requestheaderClientCaFile",
    flag: "--requestheader-client-ca-file",
    value: "FILE",
    default: "",
    path: true,
    help: "authorities of front proxies, which say in headers who is asking",
  },
  {
    key: "requestheaderAllowedNames",
    flag: "--requestheader-allowed-names",
    value: "NAMES",
    default: [],
    help: "common names of front proxies; none: any",
  },
  {
    key: "requestheaderUsernameHeaders",
    flag: "--requestheader-username-headers",
    value: "HEADERS",
    default: ["x-remote-user"],
    help: "where a front proxy names the user",
  },
  {
    key: "requestheaderUidHeaders",
    flag: "--requestheader-uid-headers",
    value: "HEADERS",
    default: ["x-remote-uid"],
    help: "where a front proxy names the user's id",
  },
  {
    key: "requestheaderGroupHeaders",
    flag: "--requestheader-group-headers",
    value: "HEADERS",
    default: ["x-remote-group"],
    help: "where a front proxy names the user's groups",
  },
  {
    key: "requestheaderExtraHeadersPrefix",
    flag: "--requestheader-extra-headers-prefix",
    value: "PREFIXES",
    default: ["x-remote-extra-"],
    help: "how the headers begin in which a front proxy says more about the user",
  },
];

/** Every setting of authentication and authorization. */
export const authSettings: readonly Setting<keyof AuthConfig>[] = [
  {
    key: "anonymousAuth",
    flag: "--anonymous-auth",
    value: "BOOL",
    default: true,
    help: "let requests without credentials in as system:anonymous",
  },
  {
    key: "authenticationConfig",
    flag: "--authentication-config",
    value: "FILE",
    default: "",
    path: true,
    help: "token issuers and anonymous access (AuthenticationConfiguration)",
  },
  {
    key: "authenticationTokenWebhookConfigFile",
    flag: "--authentication-token-webhook-config-file",
    value: "FILE",
    default: "",
    path: true,
    help: "kubeconfig of a webhook that knows tokens",
  },
  {
    key: "authenticationTokenWebhookVersion",
    flag: "--authentication-token-webhook-version",
    value: "VERSION",
    default: "v1beta1",
    help: "version of the TokenReviews sent to it: v1 or v1beta1",
    check: isOneOf(["v1", "v1beta1"]),
  },
  {
    key: "authenticationTokenWebhookCacheTtlSeconds",
    flag: "--authentication-token-webhook-cache-ttl-seconds",
    value: "SECONDS",
    default: 120,
    help: "how long its answers hold",
    check: isBetween(0, 86_400),
  },
  ...requestHeaderSettings,
  {
    key: "authorizationConfig",
    flag: "--authorization-config",
    value: "FILE",
    default: "",
    path: true,
    help: "who decides what is allowed, in order (AuthorizationConfiguration)",
  },
];
