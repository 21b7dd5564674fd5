import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { tokenSecret } from "./join_tokens.ts";

Deno.test("tokenSecret() is a bootstrap token that kubeadm would make, with an end", () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const token = { id: "abc123", secret: "0123456789abcdef" };
  const secret = tokenSecret(token, { clock, ttlMs: 3_600_000, description: "shop 7" });
  assert.deepEqual(secret, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "bootstrap-token-abc123", namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": "abc123",
      "token-secret": "0123456789abcdef",
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": "system:bootstrappers:coracle:nodes",
      description: "shop 7",
      expiration: "2026-01-01T01:00:00Z",
    },
  });
  const forever = tokenSecret(token, { clock, ttlMs: 0, description: "" });
  assert.equal(forever.stringData?.["expiration"], undefined);
});
