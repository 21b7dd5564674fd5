import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import type {
  HttpsTransport,
  HttpsTransportConfig,
} from "../../../shared/client/https_transport.ts";
import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { ConfigError } from "../../../shared/config/settings.ts";
import { silentLog } from "../../../shared/log/log.ts";
import { TokenError } from "../bearer_token.ts";
import { jwtAuthenticator } from "./jwt_authenticator.ts";
import { readAuthenticationConfiguration } from "./jwt_configuration.ts";

const url = "https://issuer.example";
const read = (text: string) =>
  readAuthenticationConfiguration({
    path: "a.yaml",
    text: `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n${text}`,
  }, ["https://own.example"]);
const issuer = `issuer: {url: ${url}, audiences: [me]}`;
const names =
  `claimMappings: {username: {claim: sub, prefix: "x:"}, groups: {claim: roles, prefix: "g:"}, uid: {claim: id}}`;

/** Undefined takes away what is usual. */
type Claims = Readonly<Record<string, unknown>>;

/** An issuer with its own keys, and an authenticator that knows it. */
async function lab(
  more = "",
  mappings = names,
  documents = { down: false, discovered: url },
) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const keys = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();
  const connect = ({ server }: HttpsTransportConfig): HttpsTransport => ({
    async send({ path }) {
      asked.push(server + path);
      if (documents.down) throw new Error("unreachable");
      const body = path.endsWith("/keys")
        ? {
          keys: await Promise.all(
            [...keys].map(async ([kid, { publicKey }]) => ({
              ...await exportJWK(publicKey),
              kid,
              alg: "ES256",
            })),
          ),
        }
        : { issuer: documents.discovered, jwks_uri: `${url}/keys` };
      const bytes = new TextEncoder().encode(JSON.stringify(body));
      return {
        status: 200,
        text: () => Promise.resolve(""),
        async *stream() {
          yield bytes;
        },
      };
    },
    close() {},
  });
  const addKey = async (kid: string) => void keys.set(kid, await generateKeyPair("ES256"));
  await addKey("one");
  const [config] = read(`jwt: [{${issuer}, ${mappings}${more && `, ${more}`}}]`).jwt;
  const authenticator = jwtAuthenticator(config!, { clock, log: silentLog, connect });
  const sign = (claims: Claims, kid = "one") =>
    new SignJWT({
      iss: url,
      aud: "me",
      sub: "ada",
      exp: clock.now() / 1000 + 600,
      ...claims as JWTPayload,
    }).setProtectedHeader({ alg: "ES256", kid }).sign(keys.get(kid)!.privateKey);
  const ask = async (claims: Claims = {}, kid?: string) =>
    await authenticator.authenticateToken(await sign(claims, kid), []);
  return { clock, asked, documents, addKey, sign, ask, authenticator };
}

Deno.test("jwtAuthenticator() finds the issuer's keys and reads the user off the claims", async () => {
  const { ask, asked } = await lab();
  const found = await ask({ roles: ["a", "b"], id: "7", jti: "t1" });
  assert.deepEqual(found!.user, {
    name: "x:ada",
    groups: ["g:a", "g:b"],
    uid: "7",
    extra: { "authentication.kubernetes.io/credential-id": ["JTI=t1"] },
  });
  await ask({ roles: "one", id: "7" });
  assert.deepEqual(asked, [`${url}/.well-known/openid-configuration`, `${url}/keys`]);
});

const refused: readonly [title: string, claims: Claims, message: RegExp][] = [
  ["has expired", { id: "7", exp: 1 }, /^oidc: verify token: oidc: token is expired/],
  ["never expires", { id: "7", exp: undefined }, /^oidc: verify token: /],
  [
    "is for somebody else",
    { id: "7", aud: ["you", "them"] },
    /^oidc: verify token: oidc: expected audience in \["me"\] got \["you" "them"\]$/,
  ],
  ["is not valid yet", { id: "7", nbf: 4e9 }, /^oidc: verify token: /],
  [
    "lacks the user's name",
    { id: "7", sub: undefined },
    /^oidc: parse username claims "sub": claim not present$/,
  ],
  ["lacks the id", {}, /^oidc: parse uid claim "id": claim not present$/],
  [
    "has groups that are none",
    { id: "7", roles: [1] },
    /^oidc: parse groups claim "roles": not strings$/,
  ],
];
for (const [title, claims, message] of refused) {
  Deno.test(`jwtAuthenticator() refuses a token that ${title}`, async () => {
    const { ask } = await lab();
    await assert.rejects(ask(claims), (error) => {
      assert.ok(error instanceof TokenError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("jwtAuthenticator() leaves tokens of others, and what is no token", async () => {
  const { ask, authenticator } = await lab();
  assert.equal(await ask({ iss: "https://other.example" }), undefined);
  for (const token of ["", "a.b.c", "x".repeat(100_000), "secret"]) {
    assert.equal(await authenticator.authenticateToken(token, []), undefined);
  }
});

Deno.test("jwtAuthenticator() refuses a forged signature and one without any", async () => {
  const { sign, authenticator } = await lab();
  const [head, body] = (await sign({ id: "7" })).split(".");
  const none = btoa(JSON.stringify({ alg: "none" }));
  for (const token of [`${head}.${body}.${"A".repeat(86)}`, `${none}.${body}.`]) {
    await assert.rejects(authenticator.authenticateToken(token, []), TokenError);
  }
});

Deno.test("jwtAuthenticator() looks for new keys when a token names one, but not at every token", async () => {
  const { ask, addKey, asked, clock } = await lab();
  await ask({ id: "7" });
  await addKey("two");
  await assert.rejects(ask({ id: "7" }, "two"), TokenError);
  assert.equal(asked.length, 2, "the keys were fetched a moment ago");
  await clock.advance(10_000);
  assert.equal((await ask({ id: "7" }, "two"))!.user.name, "x:ada");
  assert.equal(asked.length, 3);
});

Deno.test("jwtAuthenticator() says that it is not ready while its issuer is down, and asks again later", async () => {
  const documents = { down: true, discovered: url };
  const { ask, asked, clock } = await lab("", names, documents);
  for (let i = 0; i < 50; i++) {
    await assert.rejects(ask({ id: "7" }), /^TokenError: oidc: authenticator not initialized$/);
  }
  assert.equal(asked.length, 1);
  documents.down = false;
  await clock.advance(10_000);
  assert.equal((await ask({ id: "7" }))!.user.name, "x:ada");
});

Deno.test("jwtAuthenticator() does not believe an issuer that calls itself something else", async () => {
  const { ask } = await lab("", names, { down: false, discovered: "https://evil.example" });
  await assert.rejects(ask({ id: "7" }), /not initialized/);
});

Deno.test("jwtAuthenticator() keeps to required claims", async () => {
  const { ask } = await lab("claimValidationRules: [{claim: team, requiredValue: red}]");
  assert.ok(await ask({ id: "7", team: "red" }));
  await assert.rejects(ask({ id: "7" }), /required claim team not present in ID token$/);
  await assert.rejects(
    ask({ id: "7", team: "blue" }),
    /claim team value does not match\. Got = blue, want = red$/,
  );
});

Deno.test("jwtAuthenticator() takes an e-mail address for a name only if it is verified", async () => {
  const { ask } = await lab("", 'claimMappings: {username: {claim: email, prefix: ""}}');
  assert.equal((await ask({ email: "a@b", email_verified: true }))!.user.name, "a@b");
  assert.equal((await ask({ email: "a@b" }))!.user.name, "a@b");
  await assert.rejects(ask({ email: "a@b", email_verified: false }), /oidc: email not verified$/);
});

const bad: readonly [title: string, text: string, message: RegExp][] = [
  [
    "an issuer without https",
    `jwt: [{issuer: {url: "http://a", audiences: [me]}, ${names}}]`,
    /URL scheme must be https/,
  ],
  [
    "our own issuer",
    `jwt: [{issuer: {url: "https://own.example", audiences: [me]}, ${names}}]`,
    /must not overlap with disallowed issuers: \[https:\/\/own\.example\]/,
  ],
  [
    "an issuer with a query",
    `jwt: [{issuer: {url: "https://a?b", audiences: [me]}, ${names}}]`,
    /must not contain a query/,
  ],
  [
    "no audiences",
    `jwt: [{issuer: {url: "https://a"}, ${names}}]`,
    /at least one jwt\[0\]\.issuer\.audiences is required/,
  ],
  [
    "several audiences without a policy",
    `jwt: [{issuer: {url: "https://a", audiences: [a, b]}, ${names}}]`,
    /must be MatchAny for multiple audiences/,
  ],
  [
    "an issuer twice",
    `jwt: [{${issuer}, ${names}}, {${issuer}, ${names}}]`,
    /jwt\[1\]\.issuer\.url: Duplicate value/,
  ],
  [
    "no name",
    `jwt: [{${issuer}}]`,
    /claimMappings\.username: Required value: claim or expression is required/,
  ],
  [
    "a name without its prefix",
    `jwt: [{${issuer}, claimMappings: {username: {claim: sub}}}]`,
    /username\.prefix: Required value/,
  ],
  [
    "an expression",
    `jwt: [{${issuer}, claimMappings: {username: {expression: "claims.sub"}}}]`,
    /expressions are not supported/,
  ],
  [
    "conditions of no access",
    "anonymous: {enabled: false, conditions: [{path: /livez}]}",
    /enabled should be set to true/,
  ],
];
for (const [title, text, message] of bad) {
  Deno.test(`readAuthenticationConfiguration() refuses ${title}`, () => {
    assert.throws(() => read(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  });
}
