import { createHash } from "node:crypto";
import type { Clock } from "../../shared/clock/clock.ts";
import { type AuthenticatedToken, type TokenAuthenticator, TokenError } from "./bearer_token.ts";
import { BoundedCache } from "../../shared/cache/bounded_cache.ts";

export interface CachedTokensOptions {
  readonly clock: Clock;
  /** How long an accepted token is accepted without asking again, in milliseconds. */
  readonly acceptedMs: number;
  /** How long a refusal holds; 0: it is not remembered. */
  readonly refusedMs: number;
}

interface Outcome {
  readonly until: number;
  readonly answer: Promise<AuthenticatedToken | undefined>;
}

const maxTokens = 4096;

/**
 * Remembers what an authenticator said of a token, because it is slow or far away; requests with the same token wait for
 * one answer. Tokens themselves are not kept, their hashes are. Failures to ask are not remembered.
 */
export function cachedTokens(
  inner: TokenAuthenticator,
  options: CachedTokensOptions,
): TokenAuthenticator {
  const { clock, acceptedMs, refusedMs } = options;
  const cache = new BoundedCache<string, Outcome>(maxTokens);
  return {
    name: inner.name,
    authenticateToken(token, audiences) {
      const key = hashOf(token, audiences);
      const known = cache.get(key);
      if (known && known.until > clock.monotonic()) return known.answer;
      const answer = inner.authenticateToken(token, audiences);
      cache.set(key, { until: Infinity, answer });
      const settle = (ms: number) => {
        if (cache.get(key)?.answer !== answer) return;
        if (ms > 0) cache.set(key, { until: clock.monotonic() + ms, answer });
        else cache.delete(key);
      };
      answer.then(
        (found) => settle(found ? acceptedMs : refusedMs),
        (error) => settle(error instanceof TokenError ? refusedMs : 0),
      );
      return answer;
    },
  };
}

function hashOf(token: string, audiences: readonly string[]): string {
  const hash = createHash("sha256").update(token);
  for (const audience of audiences) hash.update(`\0${audience}`);
  return hash.digest("base64");
}

/** For authenticators that know no audiences: their tokens are for `own`, and for nobody else who asks. */
export function forOwnAudiences(
  inner: TokenAuthenticator,
  own: readonly string[],
): TokenAuthenticator {
  return {
    name: inner.name,
    async authenticateToken(token, audiences) {
      const meant = own.filter((audience) => audiences.includes(audience));
      if (audiences.length > 0 && meant.length === 0) return undefined;
      const found = await inner.authenticateToken(token, []);
      return found && { ...found, audiences: meant };
    },
  };
}
