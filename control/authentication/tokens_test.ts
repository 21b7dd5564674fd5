import assert from "node:assert/strict";
import type { KubeObject } from "../../shared/api/kind.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { memoryFileStore } from "../certificates/file_store.ts";
import { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import { bearerTokenAuthenticator, unionTokenAuthenticator } from "./bearer_token.ts";
import { bootstrapTokenAuthenticator } from "./bootstrap_token.ts";
import { ServiceAccountIssuer } from "./service_account_issuer.ts";
import { serviceAccountTokenAuthenticator } from "./service_account_token.ts";
import { unionAuthenticator } from "./union.ts";

const issuer = "https://kubernetes.default.svc";
const account = { namespace: "n", name: "default" };

async function setUp(objects: Record<string, object> = {}) {
  const clock = new FakeClock();
  const keys = await ServiceAccountKeys.open(memoryFileStore(), clock.now(), silentLog);
  const all = new Map<string, object>(Object.entries({
    "serviceaccounts/n/default": { metadata: { name: "default", namespace: "n", uid: "sa-1" } },
    ...objects,
  }));
  const reader = {
    get: <T extends KubeObject>(_group: string, plural: string, ns: string, name: string) =>
      all.get(`${plural}/${ns}/${name}`) as T | undefined,
  };
  const common = { keys, reader, clock, issuer, audiences: [issuer] };
  return {
    clock,
    keys,
    all,
    issue: new ServiceAccountIssuer({ ...common, random: seededRandom(1) }),
    tokens: unionTokenAuthenticator([
      serviceAccountTokenAuthenticator(common),
      bootstrapTokenAuthenticator(reader, clock),
    ]),
  };
}
const request = (spec: object = {}) => ({
  kind: "TokenRequest",
  apiVersion: "authentication.k8s.io/v1",
  metadata: {},
  spec,
});
const pod = {
  metadata: { name: "p", namespace: "n", uid: "pod-1" },
  spec: { serviceAccountName: "default", nodeName: "edge" },
};
const node = { metadata: { name: "edge", uid: "node-1" } };
const claimsOf = (token: string) =>
  JSON.parse(atob(token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));

Deno.test("ServiceAccountIssuer answer() says what was granted", async () => {
  const { issue } = await setUp();
  const { status, ...rest } = await issue.answer(request(), account);
  assert.deepEqual(rest, {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {
      name: "default",
      namespace: "n",
      uid: "sa-1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { audiences: [issuer], expirationSeconds: 3600, boundObjectRef: null },
  });
  assert.equal(status!.expirationTimestamp, "2026-01-01T01:00:00Z");
});

const refused: [title: string, spec: object, name: string, code: number, message: string][] = [
  [
    "too short a life",
    { expirationSeconds: 599 },
    "default",
    422,
    'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: ' +
    "may not specify a duration less than 10 minutes",
  ],
  [
    "too long a life",
    { expirationSeconds: 4294967297 },
    "default",
    422,
    'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ' +
    "4294967297: may not specify a duration larger than 2^32 seconds",
  ],
  [
    "an absent pod",
    { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "nosuch" } },
    "default",
    404,
    'pods "nosuch" not found',
  ],
  [
    "another kind",
    { boundObjectRef: { kind: "ConfigMap", apiVersion: "v1", name: "x" } },
    "default",
    400,
    "cannot bind token to object of type /v1, Kind=ConfigMap",
  ],
  [
    "another uid",
    { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p", uid: "other" } },
    "default",
    409,
    'Operation cannot be fulfilled on Pod "p": the UID in the bound object reference (other) does ' +
    "not match the UID in record. The object might have been deleted and then recreated",
  ],
  ["an absent account", {}, "nosuch", 404, 'serviceaccounts "nosuch" not found'],
];
for (const [title, spec, name, code, message] of refused) {
  Deno.test(`ServiceAccountIssuer answer() refuses ${title}`, async () => {
    const { issue } = await setUp({ "pods/n/p": pod });
    await assert.rejects(issue.answer(request(spec), { namespace: "n", name }), (error) => {
      assert.ok(error instanceof StatusError);
      assert.deepEqual([error.code, error.message], [code, message]);
      return true;
    });
  });
}

Deno.test("a pod's token names pod and node, lives a year, and falls with the pod", async () => {
  const { issue, tokens, all, clock } = await setUp({ "pods/n/p": pod, "nodes//edge": node });
  const spec = {
    expirationSeconds: 3607,
    boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p", uid: "pod-1" },
  };
  const { status } = await issue.answer(request(spec), account);
  const token = status!.token!;
  const claims = claimsOf(token);
  assert.equal(claims.exp - claims.iat, 365 * 24 * 3600);
  assert.equal(claims["kubernetes.io"].warnafter - claims.iat, 3607);
  assert.equal(status!.expirationTimestamp, "2026-01-01T01:00:07Z");
  const found = await tokens.authenticateToken(token, []);
  assert.deepEqual(found!.user, {
    name: "system:serviceaccount:n:default",
    uid: "sa-1",
    groups: ["system:serviceaccounts", "system:serviceaccounts:n"],
    extra: {
      "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`],
      "authentication.kubernetes.io/node-name": ["edge"],
      "authentication.kubernetes.io/node-uid": ["node-1"],
      "authentication.kubernetes.io/pod-name": ["p"],
      "authentication.kubernetes.io/pod-uid": ["pod-1"],
    },
  });
  const invalidated = /service account token has been invalidated/;
  all.set("pods/n/p", { ...pod, metadata: { ...pod.metadata, uid: "pod-2" } });
  await assert.rejects(tokens.authenticateToken(token, []), invalidated);
  const deletionTimestamp = new Date(clock.now() - 61_000).toISOString();
  all.set("pods/n/p", { ...pod, metadata: { ...pod.metadata, deletionTimestamp } });
  await assert.rejects(tokens.authenticateToken(token, []), invalidated);
});

Deno.test("a token is judged by time and audience on every use", async () => {
  const { issue, tokens, clock, keys } = await setUp();
  const { status } = await issue.answer(request(), account);
  const token = status!.token!;
  await keys.rotate(clock.now());
  assert.deepEqual((await tokens.authenticateToken(token, []))!.audiences, [issuer]);
  await assert.rejects(
    tokens.authenticateToken(token, ["other"]),
    {
      message: `token audiences ["${issuer}"] is invalid for the target audiences ["other"]`,
    },
  );
  await clock.advance(3600_000 + 59_000);
  assert.ok(await tokens.authenticateToken(token, []));
  await clock.advance(2_000);
  await assert.rejects(tokens.authenticateToken(token, []), /has expired/);
});

Deno.test("a forged token is nobody's", async () => {
  const { issue, tokens } = await setUp();
  const other = await setUp();
  const foreign = (await other.issue.answer(request(), account)).status!.token!;
  assert.equal(await tokens.authenticateToken(foreign, []), undefined);
  const [header, , signature] = (await issue.answer(request(), account)).status!.token!.split(".");
  const claims = { ...claimsOf(foreign), sub: "system:serviceaccount:kube-system:x" };
  const forged = `${header}.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.${signature}`;
  assert.equal(await tokens.authenticateToken(forged, []), undefined);
  const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${foreign.split(".")[1]}.`;
  assert.equal(await tokens.authenticateToken(none, []), undefined);
});

Deno.test("a token kept in a secret falls with the secret", async () => {
  const { issue, tokens, all } = await setUp();
  const sa = all.get("serviceaccounts/n/default") as Parameters<typeof issue.legacyToken>[0];
  const secret = { kind: "Secret", apiVersion: "v1", metadata: { name: "s", namespace: "n" } };
  const token = await issue.legacyToken(sa, secret);
  all.set("secrets/n/s", { ...secret, data: { token: btoa(token) } });
  assert.equal(
    (await tokens.authenticateToken(token, []))!.user.name,
    "system:serviceaccount:n:default",
  );
  all.delete("secrets/n/s");
  await assert.rejects(tokens.authenticateToken(token, []), /has been invalidated/);
});

function bootstrapSecret(more: Record<string, string> = {}) {
  const data = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-authentication": "true",
    "auth-extra-groups": "system:bootstrappers:edge",
    expiration: "2026-01-02T00:00:00Z",
    ...more,
  };
  return {
    type: "bootstrap.kubernetes.io/token",
    metadata: { name: "bootstrap-token-abcdef", namespace: "kube-system" },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
  };
}
Deno.test("a bootstrap token gives its groups until it expires", async () => {
  const key = "secrets/kube-system/bootstrap-token-abcdef";
  const { tokens, clock, all } = await setUp({ [key]: bootstrapSecret() });
  const ask = (token: string) => tokens.authenticateToken(token, []);
  assert.deepEqual((await ask("abcdef.0123456789abcdef"))!.user, {
    name: "system:bootstrap:abcdef",
    groups: ["system:bootstrappers", "system:bootstrappers:edge"],
  });
  assert.equal(await ask("abcdef.0123456789abcdeg"), undefined);
  all.set(key, bootstrapSecret({ "auth-extra-groups": "system:masters" }));
  assert.equal(await ask("abcdef.0123456789abcdef"), undefined);
  all.set(key, bootstrapSecret());
  await clock.advance(24 * 3600_000);
  assert.equal(await ask("abcdef.0123456789abcdef"), undefined);
});

Deno.test("unionAuthenticator() tells anonymous callers from those with bad credentials", async () => {
  const { issue, tokens } = await setUp();
  const { status } = await issue.answer(request(), account);
  const all = unionAuthenticator([bearerTokenAuthenticator(tokens)]);
  const ask = (header?: string, name = "authorization") =>
    all.authenticate({
      path: "/",
      headers: () => [],
      header: (key) => key === name ? header : undefined,
    });
  assert.equal((await ask())!.name, "system:anonymous");
  assert.equal((await ask("Basic x"))!.name, "system:anonymous");
  await assert.rejects(ask("Bearer bogus"), { message: "Unauthorized", code: 401 });
  const user = await ask(`Bearer ${status!.token}`);
  assert.deepEqual(user!.groups.at(-1), "system:authenticated");
  const protocol = `base64url.bearer.authorization.k8s.io.${
    btoa(status!.token!).replaceAll("=", "")
  }`;
  assert.equal(
    (await ask(`v4.channel.k8s.io, ${protocol}`, "sec-websocket-protocol"))!.name,
    user!.name,
  );
});
