import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { silentLog } from "../../shared/log/log.ts";
import { authorityHash } from "./authority.ts";
import { CertificateManager, type ServerNames } from "./certificate_manager.ts";
import { memoryFileStore } from "./file_store.ts";
import { identityOf, verifyClientCertificate } from "./verify_client_certificate.ts";

const DAY = 24 * 3600_000;
const names: ServerNames = {
  domain: "cluster.local",
  hostname: "edge-1",
  addresses: ["10.0.0.1", "192.0.2.7", "fd00:0::1"],
  url: "https://192.0.2.7:6443",
};
function open(files = new Map<string, string>(), clock = new FakeClock(), more = names) {
  const store = memoryFileStore(files);
  return CertificateManager.open({ store, clock, log: silentLog, names: more });
}
const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

Deno.test("CertificateManager makes a serving certificate with every name of the server", async () => {
  const { serving } = await open();
  assert.equal(
    new X509Certificate(serving.certificate).subjectAltName,
    "DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, " +
      "DNS:kubernetes.default.svc.cluster.local, DNS:localhost, DNS:edge-1, IP Address:127.0.0.1, " +
      "IP Address:::1, IP Address:10.0.0.1, IP Address:192.0.2.7, IP Address:fd00::1",
  );
});

Deno.test("CertificateManager makes an admin identity that its own authority verifies", async () => {
  const clock = new FakeClock();
  const manager = await open(new Map(), clock);
  const admin = await verifyClientCertificate(
    der(manager.admin.certificate),
    [manager.caBundle],
    clock.now(),
  );
  assert.deepEqual([admin?.commonName, admin?.organizations], ["admin", ["system:masters"]]);
  const serving = der(manager.serving.certificate);
  assert.equal(
    await verifyClientCertificate(serving, [manager.caBundle], clock.now()),
    undefined,
    "a serving certificate is no client's",
  );
  const other = await open();
  assert.equal(
    await verifyClientCertificate(der(other.admin.certificate), [manager.caBundle], clock.now()),
    undefined,
    "an authority of the same name is another authority",
  );
});

Deno.test("CertificateManager proves the front proxy by a root that signs nothing else", async () => {
  const clock = new FakeClock();
  const manager = await open(new Map(), clock);
  const proxy = der(manager.frontProxy.certificate);
  const proved = await verifyClientCertificate(proxy, [manager.frontProxyBundle], clock.now());
  assert.equal(proved?.commonName, "front-proxy-client");
  assert.equal(
    await verifyClientCertificate(proxy, [manager.caBundle], clock.now()),
    undefined,
    "it is no user of this cluster",
  );
});

Deno.test("CertificateManager writes nothing when it is opened again", async () => {
  const files = new Map<string, string>();
  const first = await open(files);
  const before = new Map(files);
  const second = await open(files);
  assert.deepEqual(files, before);
  assert.equal(second.serving.certificate, first.serving.certificate);
  assert.match(files.get("admin.kubeconfig")!, /client-certificate-data: [A-Za-z0-9+/=]{500,}/);
});

Deno.test("CertificateManager replaces the serving certificate when an address is added", async () => {
  const manager = await open();
  const before = manager.serving.certificate;
  let changes = 0;
  manager.onChange(() => changes++);
  await manager.setNames({ ...names, addresses: [...names.addresses, "198.51.100.4"] });
  assert.notEqual(manager.serving.certificate, before);
  assert.match(new X509Certificate(manager.serving.certificate).subjectAltName!, /198\.51\.100\.4/);
  assert.equal(changes, 1);
});

Deno.test("CertificateManager keeps the trust when a crash left only the authority's key", async () => {
  const files = new Map<string, string>();
  const before = await open(files);
  files.delete("ca.crt");
  const after = await open(files);
  assert.equal(authorityHash(after.caBundle), authorityHash(before.caBundle));
  assert.equal(after.admin.certificate, before.admin.certificate);
});

Deno.test("CertificateManager refuses to go on without the authority's key", async () => {
  const files = new Map<string, string>();
  await open(files);
  files.delete("ca.key");
  await assert.rejects(open(files), /ca\.key is missing/);
});

Deno.test("CertificateManager makes a leaf anew whose key is not its own", async () => {
  const files = new Map<string, string>();
  const before = await open(files);
  files.set("serving.key", files.get("admin.key")!);
  const after = await open(files);
  assert.notEqual(after.serving.certificate, before.serving.certificate);
});

Deno.test("CertificateManager run() keeps every certificate valid for twelve years", async () => {
  const clock = new FakeClock();
  const manager = await open(new Map(), clock);
  const root = manager.caBundle;
  const abort = new AbortController();
  const running = manager.run(abort.signal);
  const served = new Set<string>();
  const step = async (days: number) => {
    clock.jump((days - 1) * DAY);
    await clock.advance(DAY);
    // Keys are made by threads that the fake clock does not wait for.
    while (manager.renewAt <= clock.now()) await clock.advance(60_000);
    const identity = identityOf(der(manager.serving.certificate));
    assert.ok(identity.notBefore < clock.now() && identity.notAfter > clock.now());
    assert.ok(
      await verifyClientCertificate(
        der(manager.admin.certificate),
        [manager.caBundle],
        clock.now(),
      ),
    );
    served.add(manager.serving.certificate);
  };
  for (let days = 0; days < 2 * 365; days += 10) await step(10);
  assert.ok(served.size >= 3);
  for (let years = 2; years < 12; years += 0.5) await step(182);
  assert.equal(authorityHash(manager.caBundle), authorityHash(root));
  assert.notEqual(manager.caBundle, root);
  abort.abort();
  await running;
});
