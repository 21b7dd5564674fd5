/** What a machine needs to join a cluster: the right to ask for a certificate, and whom to believe. */
export interface JoinToken {
  /** Six letters and digits; public, names the Secret that keeps the token. */
  readonly id: string;
  /** Sixteen letters and digits. */
  readonly secret: string;
  /** SHA-256 of the cluster's CA certificate (DER), 64 hexadecimal digits: the server is believed if it shows this CA. */
  readonly caHash: string;
}

const pattern = /^([a-z0-9]{6})\.([a-z0-9]{16})\.([0-9a-f]{64})$/;

/**
 * `<id>.<secret>.<hash>`; undefined if `text` is not of that form. The first two parts are a bootstrap token:
 * https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
 */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, id, secret, caHash] = pattern.exec(text.trim()) ?? [];
  if (id === undefined || secret === undefined || caHash === undefined) return undefined;
  return { id, secret, caHash };
}

/** The text that `parseJoinToken` reads. It is a secret. */
export function formatJoinToken({ id, secret, caHash }: JoinToken): string {
  return `${id}.${secret}.${caHash}`;
}

/** The bearer token to join with. */
export function bearerOf({ id, secret }: JoinToken): string {
  return `${id}.${secret}`;
}

/** `caHash` of the first certificate in a PEM text. Throws TypeError if there is none. */
export async function caHashOf(pem: string): Promise<string> {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem);
  if (!body) throw new TypeError("Cannot hash the CA: it holds no certificate");
  const der = Uint8Array.from(atob(body[1]!.replace(/\s/g, "")), (char) => char.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
