import { StatusError } from "../../shared/meta/status_error.ts";
import type { AuthenticationRequest, Authenticator, UserInfo } from "../server/request_context.ts";

/** Whom a token stands for, and which of the asked audiences it is meant for. */
export interface AuthenticatedToken {
  readonly user: UserInfo;
  readonly audiences: readonly string[];
}

/** Knows one kind of token. */
export interface TokenAuthenticator {
  readonly name: string;
  /**
   * Undefined: not a token of this kind. Rejects with `TokenError` if it is, and must not be accepted. `audiences`:
   * whom the token must be meant for; empty: the API server.
   */
  authenticateToken(
    token: string,
    audiences: readonly string[],
  ): Promise<AuthenticatedToken | undefined>;
}

/** Why a token was refused; for TokenReview and the log, never for the bearer. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

const WEBSOCKET_PREFIX = "base64url.bearer.authorization.k8s.io.";

/**
 * Accepts what `Authorization: Bearer` carries, or, from browsers, the WebSocket subprotocol
 * `base64url.bearer.authorization.k8s.io.<token>`. A token that nobody knows is refused.
 */
export function bearerTokenAuthenticator(tokens: TokenAuthenticator): Authenticator {
  return {
    name: "bearer",
    async authenticate(request) {
      const token = bearerToken(request);
      if (token === undefined) return undefined;
      const found = await tokens.authenticateToken(token, []).catch((error) => {
        throw new StatusError("Unauthorized", "Unauthorized", { cause: error });
      });
      if (!found) throw new StatusError("Unauthorized", "Unauthorized");
      return found.user;
    },
  };
}

/**
 * Asks each in turn; the first that knows the token wins. If none does but some refused it, the refusals are the
 * error.
 */
export function unionTokenAuthenticator(all: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    name: "union",
    async authenticateToken(token, audiences) {
      const errors: TokenError[] = [];
      for (const one of all) {
        try {
          const found = await one.authenticateToken(token, audiences);
          if (found) return found;
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
          errors.push(error);
        }
      }
      if (errors.length === 0) return undefined;
      throw new TokenError(errors.map((error) => error.message).join(", "), { cause: errors[0] });
    },
  };
}

function bearerToken(request: AuthenticationRequest): string | undefined {
  const [scheme, token] = (request.header("authorization") ?? "").trim().split(" ");
  if (scheme?.toLowerCase() === "bearer" && token) return token;
  for (const protocol of (request.header("sec-websocket-protocol") ?? "").split(",")) {
    const name = protocol.trim();
    if (name.startsWith(WEBSOCKET_PREFIX)) return decode(name.slice(WEBSOCKET_PREFIX.length));
  }
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/")) || undefined;
  } catch {
    return undefined;
  }
}
