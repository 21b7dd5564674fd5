import assert from "node:assert/strict";
import { handshakeMessage, serverIdentityError } from "./tls_words.ts";

const prefix = "tls: failed to verify certificate: x509: ";
const cases: readonly (readonly [host: string, names: string, want: string | undefined])[] = [
  ["a.ns.svc", "DNS:a.ns.svc", undefined],
  ["A.ns.svc", "DNS:a.NS.svc", undefined],
  ["a.ns.svc", "DNS:*.ns.svc", undefined],
  ["a.b.ns.svc", "DNS:*.ns.svc", "certificate is valid for *.ns.svc, not a.b.ns.svc"],
  [".ns.svc", "DNS:*.ns.svc", "certificate is valid for *.ns.svc, not .ns.svc"],
  ["b", "DNS:a, DNS:c, IP Address:1.2.3.4", "certificate is valid for a, c, not b"],
  ["a", "", "certificate relies on legacy Common Name field, use SANs instead"],
  ["a", "IP Address:1.2.3.4", "certificate is not valid for any names, but wanted to match a"],
  ["1.2.3.4", "DNS:a, IP Address:1.2.3.4", undefined],
  ["fd00:0::1", "IP Address:FD00:0:0:0:0:0:0:1", undefined],
  ["1.2.3.5", "IP Address:1.2.3.4", "certificate is valid for 1.2.3.4, not 1.2.3.5"],
  [
    "1.2.3.4",
    "DNS:1.2.3.4",
    "cannot validate certificate for 1.2.3.4 because it doesn't contain any IP SANs",
  ],
];

for (const [host, subjectaltname, want] of cases) {
  Deno.test(`serverIdentityError() judges ${host} by ${subjectaltname || "no names"}`, () => {
    const error = serverIdentityError(host, { subjectaltname });
    assert.equal(error?.message, want && prefix + want);
  });
}

Deno.test("handshakeMessage() says what Go says of untrusted and broken servers", () => {
  const of = (code: string) => handshakeMessage(Object.assign(new Error("other"), { code }));
  assert.equal(of("SELF_SIGNED_CERT_IN_CHAIN"), `${prefix}certificate signed by unknown authority`);
  assert.equal(of("CERT_HAS_EXPIRED"), `${prefix}certificate has expired or is not yet valid`);
  assert.equal(of("ECONNRESET"), "EOF");
  assert.equal(of("EPROTO"), "other");
});
