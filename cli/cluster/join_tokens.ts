import type { Secret } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import { type JoinToken } from "../../shared/join_token/join_token.ts";
import { isStatus } from "../../shared/meta/status_error.ts";

const NAMESPACE = "kube-system";
const PREFIX = "bootstrap-token-";
const TYPE = "bootstrap.kubernetes.io/token";

/** A token as a list shows it; the secret part is left out. */
export interface TokenSummary {
  readonly id: string;
  /** A `metav1.Time`; "" if it never expires. */
  readonly expires: string;
  readonly expired: boolean;
  readonly description: string;
}

export interface TokenOptions {
  readonly clock: Clock;
  /** Lifetime; 0 for ever. */
  readonly ttlMs: number;
  readonly description: string;
}

/**
 * Makes a token with which machines may join, kept as a Secret of the form that kubeadm uses:
 * https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
 */
export async function createToken(
  client: Client,
  options: TokenOptions,
): Promise<Pick<JoinToken, "id" | "secret">> {
  const token = { id: randomLetters(6), secret: randomLetters(16) };
  await client.create(resources.secrets, tokenSecret(token, options));
  return token;
}

/** All tokens, by their IDs. */
export async function listTokens(client: Client, clock: Clock): Promise<TokenSummary[]> {
  const { items } = await client.list(resources.secrets, {
    namespace: NAMESPACE,
    fieldSelector: `type=${TYPE}`,
  });
  return items.map((secret) => {
    const expires = value(secret, "expiration");
    return {
      id: value(secret, "token-id"),
      expires,
      expired: expires !== "" && Date.parse(expires) <= clock.now(),
      description: value(secret, "description"),
    };
  });
}

/** Takes a token back; false if there is none of this ID. Machines that have joined stay. */
export async function deleteToken(client: Client, id: string): Promise<boolean> {
  try {
    await client.delete(resources.secrets, { namespace: NAMESPACE, name: PREFIX + id });
    return true;
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}

/** The Secret that keeps a token. */
export function tokenSecret(
  { id, secret }: Pick<JoinToken, "id" | "secret">,
  { clock, ttlMs, description }: TokenOptions,
): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: PREFIX + id, namespace: NAMESPACE },
    type: TYPE,
    stringData: {
      "token-id": id,
      "token-secret": secret,
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": "system:bootstrappers:coracle:nodes",
      ...(description !== "" && { description }),
      ...(ttlMs > 0 && { expiration: timestamp(clock.now() + ttlMs) }),
    },
  };
}

function value(secret: Secret, key: string): string {
  return atob(secret.data?.[key] ?? "");
}

/** Small letters and digits, each as likely as the other, from the system's secure source. */
function randomLetters(length: number): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  let text = "";
  while (text.length < length) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < 252) text += alphabet[byte % 36];
  }
  return text;
}
