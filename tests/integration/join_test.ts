import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import {
  type Authority,
  createAuthority,
  issueLeaf,
  renewAuthority,
} from "../../control/certificates/authority.ts";
import { FakeFileSystem } from "../../node/host/fake_file_system.ts";
import { joinCluster, JoinError } from "../../node/join/join.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { caHashOf, formatJoinToken } from "../../shared/join_token/join_token.ts";
import { silentLog } from "../../shared/log/log.ts";

const now = systemClock.now();
const lifetimeMs = 3600_000;

/** A node of the cluster of `authority` that starts again, given a token of the server of `other`. */
async function startAgain(authority: Authority, other: Authority) {
  const node = await issueLeaf(authority, {
    commonName: "system:node:n1",
    usages: ["client auth"],
    lifetimeMs,
    now,
  });
  const files = new FakeFileSystem();
  files.put("/id/ca.crt", authority.certificate);
  files.put("/id/node.crt", node.certificate);
  files.put("/id/node.key", node.key);
  const serving = await issueLeaf(other, {
    commonName: "server",
    addresses: ["127.0.0.1"],
    usages: ["server auth"],
    lifetimeMs,
    now,
  });
  const server = tls.createServer({
    cert: serving.certificate + other.certificate,
    key: serving.key,
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const caHash = await caHashOf(other.certificate);
  const joined = joinCluster({
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: formatJoinToken({ id: "abc123", secret: "0123456789abcdef", caHash }),
    nodeName: "n1",
    directory: "/id",
    files,
    clock: systemClock,
    log: silentLog,
  }, new AbortController().signal);
  return await joined.finally(() => new Promise((closed) => server.close(closed)));
}

Deno.test("a node keeps to its cluster when the authority was renewed", async () => {
  const authority = await createAuthority("ca", { now });
  const renewed = await renewAuthority(authority, { now: now + 1000 });
  assert.notEqual(renewed.certificate, authority.certificate);
  assert.equal((await startAgain(authority, renewed)).caPem, authority.certificate);
});

Deno.test("a node's directory is not taken to another cluster", async () => {
  const [authority, other] = [
    await createAuthority("ca", { now }),
    await createAuthority("ca", { now }),
  ];
  await assert.rejects(
    startAgain(authority, other),
    (error) =>
      error instanceof JoinError && /\/id belongs to a node of another cluster/.test(error.message),
  );
});
