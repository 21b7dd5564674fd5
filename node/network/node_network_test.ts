import assert from "node:assert/strict";
import type { InformerSet } from "../../shared/informer/informer.ts";
import { silentLog } from "../../shared/log/log.ts";
import { FakeFileSystem } from "../host/fake_file_system.ts";
import { FakeHost } from "../host/fake_host.ts";
import { NodeNetwork } from "./node_network.ts";

/** Nodes that nobody has told about yet. */
const noNodes = {
  of: () => ({ hasSynced: false, onChange: () => () => {}, get: () => undefined, list: () => [] }),
} as unknown as InformerSet;

async function routesOf(host: FakeHost): Promise<string[]> {
  const network = new NodeNetwork({
    host,
    files: new FakeFileSystem(),
    log: silentLog,
    nodeName: "n1",
    dataDir: "/d",
    informers: noNodes,
    clusterCidrs: ["10.244.0.0/16"],
    services: { cidr: "10.96.0.0/12", nodeIp: "10.0.0.5" },
  });
  await network.start();
  await network.stop();
  return host.lines.filter((line) => line.startsWith("ip route"));
}

function answers({ args }: { readonly args: readonly string[] }) {
  return args.includes("address") ? '[{},{"ifname":"eth1"}]' : "";
}

Deno.test("NodeNetwork gives Services a route, for machines without a default one", async () => {
  assert.deepEqual(await routesOf(new FakeHost(answers)), [
    "ip route replace 10.96.0.0/12 dev eth1 proto 86 src 10.0.0.5",
    "ip route replace 10.96.0.0/12 dev lo metric 1024 proto 86 src 10.0.0.5",
  ]);
});

Deno.test("NodeNetwork gives Services a route also where the node's address is another machine's", async () => {
  const host = new FakeHost(({ args }) =>
    args.includes("src") ? { code: 2, stderr: "Invalid" } : ""
  );
  assert.equal(
    (await routesOf(host)).at(-1),
    "ip route replace 10.96.0.0/12 dev lo metric 1024 proto 86",
  );
});
