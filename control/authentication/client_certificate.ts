import type { Clock } from "../../shared/clock/clock.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import {
  type CertificateIdentity,
  identityOf,
  verifyClientCertificate,
} from "../certificates/verify_client_certificate.ts";
import type { Authenticator, UserInfo } from "../server/request_context.ts";

interface Known extends CertificateIdentity {
  readonly user: UserInfo;
}

/**
 * The user that a client certificate names: common name as the user, organizations as groups. TLS has verified the
 * chain when the connection was made; here the time is judged again, because connections outlive certificates.
 * `authorities`: PEM texts of those whose certificates name users, if TLS also believes others.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates.
 */
export function clientCertificateAuthenticator(
  clock: Clock,
  authorities?: () => readonly string[],
): Authenticator {
  // Transports hand over the same bytes for every request of a connection, so entries go with their connection.
  const known = new WeakMap<Uint8Array, Known>();
  return {
    name: "x509",
    async authenticate(request) {
      const der = request.clientCertificate;
      if (!der) return undefined;
      let identity = known.get(der);
      if (!identity) {
        if (authorities && !await verifyClientCertificate(der, authorities(), clock.now())) {
          return undefined;
        }
        known.set(der, identity = read(der));
      }
      const now = clock.now();
      if (now < identity.notBefore || now > identity.notAfter) {
        throw new StatusError(
          "Unauthorized",
          "the client certificate has expired or is not yet valid",
        );
      }
      return identity.commonName === "" ? undefined : identity.user;
    },
  };
}

function read(der: Uint8Array): Known {
  const identity = identityOf(der);
  const user = {
    name: identity.commonName,
    groups: identity.organizations,
    extra: {
      "authentication.kubernetes.io/credential-id": [`X509SHA256=${identity.fingerprint}`],
    },
  };
  return { ...identity, user };
}
