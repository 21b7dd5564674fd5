import assert from "node:assert/strict";
import { silentLog } from "../../../shared/log/log.ts";
import { DenoFileSystem } from "../../host/deno_file_system.ts";
import { DenoHost } from "../../host/deno_host.ts";
import { type FakeAnswer, FakeHost, type RecordedCommand } from "../../host/fake_host.ts";
import { NamespacedHost } from "../../host/namespaced_host.ts";
import { CniNetwork } from "./cni_network.ts";
import { defaultNetworkConfig, loadNetworkConfig, parseNetworkConfig } from "./config.ts";
import { pluginDirectories } from "../node_network.ts";

const files = new DenoFileSystem();
const request = { uid: "uid-1", namespace: "shop", name: "web", hostPorts: [] };

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "coracle-cni-" });
  try {
    await body(directory);
  } finally {
    await files.remove(directory);
  }
}

function network(directory: string, respond: (command: RecordedCommand) => FakeAnswer) {
  const host = new FakeHost(respond);
  const options = { host, files, log: silentLog, dataDir: directory, pluginDirectories: ["/cni"] };
  const made = new CniNetwork(options);
  made.use({ cniVersion: "1.0.0", name: "net", plugins: [{ type: "one" }, { type: "two" }] });
  return { host, made };
}

const pluginRuns = (host: FakeHost) =>
  host.commands.filter(({ program }) => program.startsWith("/cni"))
    .map(({ program, env }) => `${env?.["CNI_COMMAND"]} ${program.slice(5)}`);

Deno.test("CniNetwork setUp() passes each plugin's result on and reports the addresses", async () => {
  await withDirectory(async (directory) => {
    const { host, made } = network(
      directory,
      ({ program }) =>
        program === "/cni/one"
          ? '{"ips":[{"address":"10.1.0.5/24"}]}'
          : program === "/cni/two"
          ? '{"ips":[{"address":"10.1.0.5/24"}],"more":1}'
          : "",
    );
    const state = await made.setUp(request);
    assert.deepEqual(state.ips, ["10.1.0.5"]);
    assert.deepEqual(pluginRuns(host), ["ADD one", "ADD two"]);
    const second = host.commands.find(({ program }) => program === "/cni/two")!;
    assert.deepEqual(JSON.parse(second.stdin!).prevResult, { ips: [{ address: "10.1.0.5/24" }] });
    assert.match(second.env!["CNI_ARGS"]!, /K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web/);
    assert.deepEqual(await made.list(), ["uid-1"]);
  });
});

Deno.test("CniNetwork undoes the whole chain when a plugin refuses, and says why", async () => {
  await withDirectory(async (directory) => {
    const { host, made } = network(directory, ({ program, env }) => {
      if (program === "/cni/one") return '{"ips":[]}';
      if (program === "/cni/two" && env?.["CNI_COMMAND"] === "ADD") {
        return { code: 1, stderr: "no addresses left" };
      }
      return "";
    });
    await assert.rejects(
      made.setUp(request),
      /plugin type="two" failed \(ADD\): no addresses left/,
    );
    assert.deepEqual(pluginRuns(host), ["ADD one", "ADD two", "DEL two", "DEL one"]);
    assert.deepEqual(await made.list(), []);
  });
});

Deno.test("CniNetwork tearDown() of a pod that another agent process set up uses its record", async () => {
  await withDirectory(async (directory) => {
    const answer = () => '{"ips":[{"address":"10.1.0.5/24"}]}';
    await network(directory, answer).made.setUp(request);
    const later = network(directory, answer);
    later.made.use(undefined);
    await later.made.tearDown("uid-1");
    assert.deepEqual(pluginRuns(later.host), ["DEL two", "DEL one"]);
    assert.deepEqual(await later.made.list(), []);
  });
});

Deno.test("parseNetworkConfig() takes a list or a single plugin and refuses the rest", () => {
  assert.equal(parseNetworkConfig({ name: "a", type: "bridge" }).plugins[0]?.type, "bridge");
  assert.throws(() => parseNetworkConfig({ name: "a" }), /neither plugins nor a type/);
  assert.throws(() => parseNetworkConfig({ plugins: [] }), /no name/);
});

Deno.test("loadNetworkConfig() takes the first file by name", async () => {
  await withDirectory(async (directory) => {
    assert.equal(await loadNetworkConfig(files, directory), undefined);
    await files.write(`${directory}/20-b.conf`, '{"name":"b","type":"ptp"}');
    await files.write(`${directory}/10-a.conflist`, '{"name":"a","plugins":[{"type":"bridge"}]}');
    await files.write(`${directory}/00-notes.txt`, "");
    assert.equal((await loadNetworkConfig(files, directory))?.name, "a");
  });
});

Deno.test("CniNetwork with real plugins connects two pods and leaves nothing behind", async () => {
  const inner = new DenoHost({ pluginDirectories });
  const skip = Deno.uid() !== 0
    ? "needs root"
    : await inner.has("/usr/lib/cni/bridge") || await inner.has("/opt/cni/bin/bridge")
    ? undefined
    : "CNI plugins are not installed";
  if (skip) return console.log(`skipped: ${skip}`);
  const node = `coracle-test-${Deno.pid}`;
  await inner.output("ip", ["netns", "add", node]);
  try {
    await withDirectory(async (directory) => {
      const host = new NamespacedHost(inner, `/var/run/netns/${node}`);
      const made = new CniNetwork({
        host,
        files,
        log: silentLog,
        dataDir: `${directory}/results`,
        pluginDirectories,
      });
      const ipam = `${directory}/ipam`;
      made.use(defaultNetworkConfig({ podCidrs: ["10.99.1.0/24"], mtu: 1450, dataDir: ipam }));
      const uids = [`${node}-a`, `${node}-b`];
      const states = [];
      for (const uid of uids) states.push(await made.setUp({ ...request, uid }));
      assert.deepEqual(states.map(({ ips }) => ips), [["10.99.1.2"], ["10.99.1.3"]]);
      assert.deepEqual(await made.setUp({ ...request, uid: uids[0]! }), states[0]);
      const neighbours = await inner.output("ip", ["-n", `coracle-${uids[0]}`, "-j", "addr"]);
      assert.match(neighbours, /10\.99\.1\.2/);
      assert.match(neighbours, /"mtu":1450/);
      // What a lost namespace leaves is an ordinary file.
      await inner.output("umount", [`/var/run/netns/coracle-${uids[1]}`]);
      assert.equal(await made.find(uids[1]!), undefined);
      for (const uid of uids) await made.tearDown(uid);
      assert.deepEqual(await made.list(), []);
      assert.doesNotMatch(await inner.output("ip", ["netns", "list"]), new RegExp(uids[0]!));
      const reserved = (await files.list(`${ipam}/coracle`)).filter((name) => /^\d/.test(name));
      assert.deepEqual(reserved, []);
    });
  } finally {
    await inner.output("ip", ["netns", "delete", node]);
  }
});
