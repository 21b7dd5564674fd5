import assert from "node:assert/strict";
import type { TokenReview } from "../../shared/api/authentication/v1/types.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { createAuthority, issueLeaf } from "../certificates/authority.ts";
import type { AuthenticationRequest } from "../server/request_context.ts";
import { type TokenAuthenticator, TokenError } from "./bearer_token.ts";
import { cachedTokens, forOwnAudiences } from "./cached_tokens.ts";
import { clientCertificateAuthenticator } from "./client_certificate.ts";
import { requestHeaderAuthenticator } from "./request_header.ts";
import { unionAuthenticator } from "./union.ts";
import { webhookTokenAuthenticator } from "./webhook_token.ts";

const clock = new FakeClock();
const now = clock.now();
const proxies = await createAuthority("proxies", { now });
const clients = await createAuthority("clients", { now });

async function certificateOf(authority: typeof proxies, commonName: string, group?: string) {
  const { certificate } = await issueLeaf(authority, {
    commonName,
    organizations: group ? [group] : [],
    usages: ["client auth"],
    lifetimeMs: 3600_000,
    now,
  });
  const base64 = certificate.replace(/-----[^-]+-----|\s/g, "");
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

function requestWith(
  headers: Readonly<Record<string, string>>,
  clientCertificate?: Uint8Array,
): AuthenticationRequest {
  return {
    path: "/api",
    header: (name) => headers[name.toLowerCase()],
    headers: () => Object.entries(headers),
    clientCertificate,
  };
}

const options = {
  authorities: [proxies.certificate],
  allowedNames: ["front"],
  usernameHeaders: ["x-remote-user"],
  uidHeaders: ["x-remote-uid"],
  groupHeaders: ["x-remote-group"],
  extraHeaderPrefixes: ["x-remote-extra-"],
  clock,
};
const ada = {
  "x-remote-user": "ada",
  "x-remote-uid": "7",
  "x-remote-group": "a, b",
  "x-remote-extra-acme.com%2Fproject": "one, two",
};

Deno.test("requestHeaderAuthenticator() believes a proxy with the right certificate", async () => {
  const authenticator = requestHeaderAuthenticator(options);
  const user = await authenticator.authenticate(
    requestWith(ada, await certificateOf(proxies, "front")),
  );
  assert.deepEqual(user, {
    name: "ada",
    uid: "7",
    groups: ["a", "b"],
    extra: { "acme.com/project": ["one", "two"] },
  });
});

Deno.test("requestHeaderAuthenticator() believes nobody without such a certificate, also not the cluster's own clients", async () => {
  const authenticator = requestHeaderAuthenticator(options);
  assert.equal(await authenticator.authenticate(requestWith(ada)), undefined);
  const own = await certificateOf(clients, "front", "system:masters");
  assert.equal(await authenticator.authenticate(requestWith(ada, own)), undefined);
  const proxy = await certificateOf(proxies, "front");
  assert.equal(await authenticator.authenticate(requestWith({}, proxy)), undefined);
});

Deno.test("requestHeaderAuthenticator() refuses a proxy of another name", async () => {
  const authenticator = requestHeaderAuthenticator(options);
  const other = await certificateOf(proxies, "other");
  await assert.rejects(
    Promise.resolve(authenticator.authenticate(requestWith(ada, other))),
    (error) => isStatus(error, "Unauthorized"),
  );
});

Deno.test("clientCertificateAuthenticator() takes a proxy's certificate for nobody's name", async () => {
  const authenticator = clientCertificateAuthenticator(clock, () => [clients.certificate]);
  const forged = await certificateOf(proxies, "admin", "system:masters");
  assert.equal(await authenticator.authenticate(requestWith({}, forged)), undefined);
  const own = await certificateOf(clients, "admin", "system:masters");
  assert.equal((await authenticator.authenticate(requestWith({}, own)))!.name, "admin");
});

const anonymousCases: readonly [
  title: string,
  config: Parameters<typeof unionAuthenticator>[1],
  path: string,
  letIn: boolean,
][] = [
  ["everywhere by default", undefined, "/api", true],
  ["nowhere if it is off", { enabled: false }, "/livez", false],
  ["on a path that is named", { enabled: true, conditions: [{ path: "/livez" }] }, "/livez", true],
  ["on no other path", { enabled: true, conditions: [{ path: "/livez" }] }, "/livez/etcd", false],
];
for (const [title, config, path, letIn] of anonymousCases) {
  Deno.test(`unionAuthenticator() lets anonymous requests in ${title}`, async () => {
    const asked = Promise.resolve(
      unionAuthenticator([], config).authenticate({ ...requestWith({}), path }),
    );
    if (letIn) assert.equal((await asked)!.name, "system:anonymous");
    else await assert.rejects(asked, (error) => isStatus(error, "Unauthorized"));
  });
}

function answering(status: unknown) {
  const asked: TokenReview[] = [];
  const authenticator = webhookTokenAuthenticator({
    ask(object) {
      asked.push(object as TokenReview);
      return Promise.resolve({ status } as never);
    },
  }, "v1");
  return { asked, authenticator };
}

Deno.test("webhookTokenAuthenticator() asks by TokenReview and gives the user", async () => {
  const { asked, authenticator } = answering({
    authenticated: true,
    user: { username: "ada", uid: "7", groups: ["a"], extra: { k: ["v"] } },
    audiences: ["me", "other"],
  });
  const found = await authenticator.authenticateToken("t", ["me"]);
  assert.deepEqual(found, {
    user: { name: "ada", uid: "7", groups: ["a"], extra: { k: ["v"] } },
    audiences: ["me"],
  });
  assert.deepEqual(asked[0], {
    kind: "TokenReview",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {},
    spec: { token: "t", audiences: ["me"] },
  } as unknown as TokenReview);
});

Deno.test("webhookTokenAuthenticator() passes on why a token was refused, and knows nobody without an answer", async () => {
  await assert.rejects(
    answering({ authenticated: false, error: "expired" }).authenticator.authenticateToken("t", []),
    (error) => error instanceof TokenError && error.message === "expired",
  );
  for (const status of [{ authenticated: false }, undefined, {}]) {
    assert.equal(await answering(status).authenticator.authenticateToken("t", []), undefined);
  }
  const unaware = answering({ authenticated: true, user: { username: "ada" } }).authenticator;
  assert.equal(await unaware.authenticateToken("t", ["me"]), undefined);
});

function counting(outcome: () => Promise<unknown>): TokenAuthenticator & { calls: number } {
  return {
    name: "counting",
    calls: 0,
    authenticateToken() {
      this.calls++;
      return outcome() as ReturnType<TokenAuthenticator["authenticateToken"]>;
    },
  };
}
const accepted = { user: { name: "ada", groups: [] }, audiences: [] };
const outcomes: readonly [title: string, outcome: () => Promise<unknown>, again: number][] = [
  ["an accepted token for as long as it may", () => Promise.resolve(accepted), 10_000],
  ["a refused token for as long as it may", () => Promise.reject(new TokenError("no")), 5_000],
  ["a failure to ask not at all", () => Promise.reject(new Error("down")), 0],
];
for (const [title, outcome, again] of outcomes) {
  Deno.test(`cachedTokens() remembers ${title}`, async () => {
    const time = new FakeClock();
    const inner = counting(outcome);
    const cached = cachedTokens(inner, { clock: time, acceptedMs: 10_000, refusedMs: 5_000 });
    const ask = () => cached.authenticateToken("t", []).catch((error) => error);
    await Promise.all([ask(), ask(), ask()]);
    assert.equal(inner.calls, 1, "asked together");
    await time.advance(Math.max(0, again - 1));
    await ask();
    assert.equal(inner.calls, again === 0 ? 2 : 1);
    await time.advance(1);
    await ask();
    assert.equal(inner.calls, again === 0 ? 3 : 2);
    await cached.authenticateToken("other", []).catch(() => {});
    assert.equal(inner.calls, again === 0 ? 4 : 3);
  });
}

Deno.test("forOwnAudiences() vouches for our own audiences alone", async () => {
  const own = forOwnAudiences(counting(() => Promise.resolve(accepted)), ["api"]);
  assert.deepEqual((await own.authenticateToken("t", []))!.audiences, []);
  assert.deepEqual((await own.authenticateToken("t", ["api", "x"]))!.audiences, ["api"]);
  assert.equal(await own.authenticateToken("t", ["x"]), undefined);
});
