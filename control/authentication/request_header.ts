import type { Clock } from "../../shared/clock/clock.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import {
  type CertificateIdentity,
  verifyClientCertificate,
} from "../certificates/verify_client_certificate.ts";
import type { AuthenticationRequest, Authenticator, UserInfo } from "../server/request_context.ts";

export interface RequestHeaderOptions {
  /** PEM texts of the authorities that front proxies' certificates are from. */
  readonly authorities: readonly string[];
  /** Common names of proxies; empty: any. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
  readonly clock: Clock;
}

/**
 * Believes what a front proxy says about who is asking, once the proxy has shown a certificate of the proxies' own
 * authority. The headers of anybody else mean nothing. Source:
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy.
 */
export function requestHeaderAuthenticator(options: RequestHeaderOptions): Authenticator {
  const { authorities, allowedNames, clock } = options;
  const known = new WeakMap<Uint8Array, Promise<CertificateIdentity | undefined>>();
  return {
    name: "requestheader",
    async authenticate(request) {
      const name = first(request, options.usernameHeaders);
      const der = request.clientCertificate;
      if (name === "" || !der) return undefined;
      let verified = known.get(der);
      if (!verified) {
        known.set(der, verified = verifyClientCertificate(der, authorities, clock.now()));
      }
      const proxy = await verified;
      // Somebody's own certificate: whose it is, others find out.
      if (!proxy) return undefined;
      if (clock.now() > proxy.notAfter) {
        throw new StatusError("Unauthorized", "the certificate of the front proxy has expired");
      }
      if (allowedNames.length > 0 && !allowedNames.includes(proxy.commonName)) {
        throw new StatusError(
          "Unauthorized",
          `x509: subject with cn=${proxy.commonName} is not in the allowed list`,
        );
      }
      return userOf(name, request, options);
    },
  };
}

function userOf(
  name: string,
  request: AuthenticationRequest,
  { uidHeaders, groupHeaders, extraHeaderPrefixes }: RequestHeaderOptions,
): UserInfo {
  const uid = first(request, uidHeaders);
  const groups = groupHeaders.flatMap((header) => valuesOf(request.header(header)));
  const extra: Record<string, string[]> = {};
  for (const prefix of extraHeaderPrefixes) {
    for (const [header, value] of request.headers()) {
      if (!header.toLowerCase().startsWith(prefix.toLowerCase())) continue;
      const key = unescaped(header.slice(prefix.length).toLowerCase());
      (extra[key] ??= []).push(...valuesOf(value));
    }
  }
  return {
    name,
    groups,
    ...(uid !== "" && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function first(request: AuthenticationRequest, headers: readonly string[]): string {
  for (const header of headers) {
    const [value] = valuesOf(request.header(header));
    if (value) return value;
  }
  return "";
}

/** A header that came several times arrives joined. */
function valuesOf(value: string | undefined): string[] {
  return (value ?? "").split(", ").filter((part) => part !== "");
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
