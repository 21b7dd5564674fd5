import assert from "node:assert/strict";
import { seededRandom } from "../../shared/clock/random.ts";
import { AdmissionHarness } from "../admission/testing/admission_harness.ts";
import { webhookEndpoint, type WebhookTarget } from "./webhook_endpoint.ts";

const deps = { reader: new AdmissionHarness().dependencies.reader, random: seededRandom(1) };
type Case = readonly [target: WebhookTarget, url: string, host: string, serverName: string];
const service = { namespace: "ns", name: "hook" };
const cases: readonly Case[] = [
  [{ service }, "https://hook.ns.svc:443/", "hook.ns.svc:443", "hook.ns.svc"],
  [
    { service: { ...service, port: 8443, path: "/a//b/" } },
    "https://hook.ns.svc:8443/a/b",
    "hook.ns.svc:8443",
    "hook.ns.svc",
  ],
  [{ url: "https://example.com" }, "https://example.com/", "example.com", "example.com"],
  [
    { url: "https://example.com:443/x" },
    "https://example.com:443/x",
    "example.com:443",
    "example.com",
  ],
  [{ url: "https://[fd00::1]:8443/" }, "https://[fd00::1]:8443/", "[fd00::1]:8443", "fd00::1"],
];

for (const [target, url, host, serverName] of cases) {
  Deno.test(`webhookEndpoint() leads to ${url}`, () => {
    const endpoint = webhookEndpoint(target, deps);
    assert.equal(endpoint.origin + endpoint.path, url);
    assert.deepEqual([endpoint.host, endpoint.serverName], [host, serverName]);
  });
}

Deno.test("webhookEndpoint() connects with a URL's host and port, by default 443", () => {
  const of = (url: string) => webhookEndpoint({ url }, deps).destination();
  assert.deepEqual(of("https://example.com/x"), { host: "example.com", port: 443 });
  assert.deepEqual(of("https://[::1]:9/x"), { host: "::1", port: 9 });
});

Deno.test("webhookEndpoint() refuses a target that says nothing", () => {
  assert.throws(() => webhookEndpoint({}, deps), {
    message: "webhook configuration must have either service or URL",
  });
});
