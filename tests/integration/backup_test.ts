import assert from "node:assert/strict";
import { connect } from "../../cli/cluster/api.ts";
import { downloadBackup } from "../../cli/backup/download.ts";
import { withBackupFile } from "../../cli/backup/backup_files.ts";
import { restoreBackup } from "../../control/backup/restore.ts";
import { type RunningServer, startServer } from "../../control/server_process.ts";
import { serverConfig } from "../../control/config.ts";
import { parseKubeconfig } from "../../shared/client/kubeconfig.ts";
import { type HttpsTransport, httpsTransport } from "../../shared/client/https_transport.ts";
import type { Transport, TransportRequest } from "../../shared/client/transport.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";

const configMaps = "/api/v1/namespaces/default/configmaps";
const passphrase = "correct horse battery staple";

function start(dataDir: string, address: string): Promise<RunningServer> {
  const config = serverConfig({
    "--data-dir": dataDir,
    "--listen": `${address}:0`,
    "--disable": "controllers,scheduler",
  });
  return startServer(config, silentLog);
}

async function ask(
  transport: Transport,
  method: TransportRequest["method"],
  path: string,
  body?: unknown,
) {
  const response = await transport.send({
    method,
    path,
    ...(body !== undefined && { body: JSON.stringify(body), contentType: "application/json" }),
  });
  return { status: response.status, text: await response.text() };
}

async function read(transport: Transport, path: string): Promise<string> {
  const { status, text } = await ask(transport, "GET", path);
  assert.equal(status, 200, text);
  return text;
}

/** The items of a list, byte by byte as they were sent. */
async function itemsOf(transport: Transport, path: string): Promise<string> {
  const text = await read(transport, path);
  return text.slice(text.indexOf('"items":'));
}

/** Writes on and on until it is told to stop; resolves to how often, and the newest revision it was given. */
async function write(transport: Transport, writer: number, signal: AbortSignal) {
  let count = 0;
  let newest = 0;
  for (; !signal.aborted; count++) {
    const name = `writer-${writer}-${count % 10}`;
    const object = { metadata: { name }, data: { text: `${count} `.repeat(500) } };
    const made = await ask(transport, "POST", configMaps, object);
    const { status, text } = made.status === 409
      ? await ask(transport, "PUT", `${configMaps}/${name}`, object)
      : made;
    assert.ok(status < 300, text);
    newest = Number(JSON.parse(text).metadata.resourceVersion);
  }
  return { count, newest };
}

/** The same identity and trust, at another address. */
async function elsewhere(kubeconfig: string, server: string): Promise<HttpsTransport> {
  const config = parseKubeconfig(await Deno.readTextFile(kubeconfig), {
    readFile: (path) => Deno.readTextFileSync(path),
  });
  return httpsTransport({ ...config, server });
}

async function serviceAccountToken(transport: Transport): Promise<string> {
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  await ask(transport, "POST", accounts, { metadata: { name: "app" } });
  const { text } = await ask(transport, "POST", `${accounts}/app/token`, { spec: {} });
  return JSON.parse(text).status.token;
}

Deno.test("A backup made under load restores the cluster of its revision at another address", async () => {
  const home = await Deno.makeTempDir();
  const path = `${home}/backup`;
  const first = await start(`${home}/first`, "127.0.0.1");
  const old = connect(first.kubeconfigPath).transport;
  let second: RunningServer | undefined;
  let transports: HttpsTransport[] = [old];
  try {
    const token = await serviceAccountToken(old);
    const stop = new AbortController();
    const writers = Array.from({ length: 16 }, (_, writer) => write(old, writer, stop.signal));
    // The load is there when every writer has written.
    while (JSON.parse(await read(old, configMaps)).items.length < 160) { /* read again */ }
    const { manifest } = await downloadBackup(old, path, { passphrase });
    stop.abort();
    const written = await Promise.all(writers);
    const newest = Math.max(...written.map((one) => one.newest));
    assert.ok(newest > manifest.revision, "nothing was written while the backup was made");
    const exact = `resourceVersion=${manifest.revision}&resourceVersionMatch=Exact`;
    const secrets = "/api/v1/secrets";
    const before = [
      await itemsOf(old, `${configMaps}?${exact}`),
      await itemsOf(old, `${secrets}?${exact}`),
    ];

    const directory = `${home}/second`;
    const restored = await withBackupFile(
      path,
      (file) =>
        restoreBackup(file, { directory, passphrase, clock: systemClock, random: systemRandom }),
    );
    second = await start(directory, "127.0.0.2");
    const api = connect(second.kubeconfigPath);
    const now = api.transport;
    const known = await elsewhere(first.kubeconfigPath, second.url);
    transports = [...transports, now, known];
    assert.match(api.server, /^https:\/\/127\.0\.0\.2:/);
    const after = [await itemsOf(now, configMaps), await itemsOf(now, secrets)];
    assert.deepEqual(after, before);

    // Who was trusted is trusted, and trusts.
    assert.equal(await itemsOf(known, configMaps), before[0]);
    const bearer = httpsTransport({ server: second.url, caPem: api.caPem, token: () => token });
    transports.push(bearer);
    const review = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const { text } = await ask(bearer, "POST", review, {});
    assert.equal(JSON.parse(text).status.userInfo.username, "system:serviceaccount:default:app");

    // Nobody takes this state for one that he has seen.
    const { text: made } = await ask(now, "POST", configMaps, { metadata: { name: "after" } });
    assert.ok(Number(JSON.parse(made).metadata.resourceVersion) > restored.revision);
    assert.ok(restored.revision > newest);
    for (const seen of [manifest.revision, newest]) {
      const watched = await ask(now, "GET", `${configMaps}?watch=true&resourceVersion=${seen}`);
      assert.match(watched.text, /"code":410/);
      const asked = `${configMaps}?resourceVersion=${seen}&resourceVersionMatch=Exact`;
      assert.equal((await ask(now, "GET", asked)).status, 410);
      assert.equal((await ask(now, "GET", `${configMaps}?resourceVersion=${seen}`)).status, 200);
    }
  } finally {
    for (const transport of transports) transport.close();
    await second?.stop();
    await first.stop();
    await Deno.remove(home, { recursive: true });
  }
});
