import type { TokenReview } from "../../shared/api/authentication/v1/types.gen.ts";
import type { Webhook } from "../webhook/webhook.ts";
import { type TokenAuthenticator, TokenError } from "./bearer_token.ts";

/** Asks a webhook about tokens, by TokenReview of the given version. Rejects if it cannot be asked. */
export function webhookTokenAuthenticator(webhook: Webhook, version: string): TokenAuthenticator {
  return {
    name: "webhook",
    async authenticateToken(token, audiences) {
      const { status } = await webhook.ask<TokenReview>({
        kind: "TokenReview",
        apiVersion: `authentication.k8s.io/${version}`,
        metadata: {},
        spec: { token, ...(audiences.length > 0 && { audiences: [...audiences] }) },
      });
      if (!status?.authenticated) {
        if (status?.error) throw new TokenError(status.error);
        return undefined;
      }
      const { username = "", uid, groups = [], extra } = status.user ?? {};
      const meant = (status.audiences ?? []).filter((audience) => audiences.includes(audience));
      // One that does not know audiences vouches for none in particular.
      if (audiences.length > 0 && meant.length === 0) return undefined;
      const user = { name: username, groups, ...(uid && { uid }), ...(extra && { extra }) };
      return { user, audiences: meant };
    },
  };
}
