import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { createAuthority, issueLeaf } from "../certificates/authority.ts";
import { clientCertificateAuthenticator } from "./client_certificate.ts";

Deno.test("clientCertificateAuthenticator() names the user until the certificate ends", async () => {
  const clock = new FakeClock();
  const now = clock.now();
  const authority = await createAuthority("ca", { now });
  const leaf = await issueLeaf(authority, {
    commonName: "system:node:edge",
    organizations: ["system:nodes"],
    usages: ["client auth"],
    lifetimeMs: 1000,
    now,
  });
  const clientCertificate = new Uint8Array(new X509Certificate(leaf.certificate).raw);
  const authenticator = clientCertificateAuthenticator(clock);
  const ask = () =>
    authenticator.authenticate({
      path: "/",
      headers: () => [],
      header: () => undefined,
      clientCertificate,
    });
  const user = await ask();
  assert.deepEqual([user!.name, user!.groups], ["system:node:edge", ["system:nodes"]]);
  assert.match(
    user!.extra!["authentication.kubernetes.io/credential-id"]![0]!,
    /^X509SHA256=[0-9a-f]{64}$/,
  );
  assert.equal(await ask(), user, "the second request of a connection costs nothing");
  await clock.advance(2000);
  await assert.rejects(ask(), { code: 401 });
  assert.equal(
    await authenticator.authenticate({ path: "/", headers: () => [], header: () => undefined }),
    undefined,
  );
});
