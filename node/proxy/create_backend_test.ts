import assert from "node:assert/strict";
import { silentLog } from "../../shared/log/log.ts";
import { FakeFileSystem } from "../host/fake_file_system.ts";
import { FakeHost } from "../host/fake_host.ts";
import { createBackend } from "./create_backend.ts";
import { forwardedPorts } from "./forwarding_state.ts";
import { endpoint, service, slice } from "./tests/fixtures.ts";

const ROUTE_LOCALNET = "/proc/sys/net/ipv4/conf/all/route_localnet";
const BRIDGE_CALLS = "/proc/sys/net/bridge/bridge-nf-call-iptables";
const signal = new AbortController().signal;

async function rulesWith(files: FakeFileSystem): Promise<string> {
  const host = new FakeHost();
  const options = { host, log: silentLog, clusterCidr: "10.42.0.0/16, fd00:42::/56", files };
  const backend = await createBackend("iptables", options);
  const slices = [slice([endpoint("10.42.0.2")])];
  await backend.apply(
    { ports: forwardedPorts(service(), slices, { name: "n1", addresses: [] }) },
    signal,
  );
  return host.commands.find(({ program }) => program.endsWith("restore"))!.stdin!;
}

Deno.test("createBackend() opens node ports on 127.0.0.1 only behind the rule that guards it", async () => {
  const files = new FakeFileSystem();
  assert.doesNotMatch(await rulesWith(files), /localnet connections/);
  files.put(ROUTE_LOCALNET, "0");
  assert.match(await rulesWith(files), /-A KUBE-PROXY-LOCALNET .*localnet connections/);
  assert.equal(files.text(ROUTE_LOCALNET), "1");
});

Deno.test("createBackend() makes up for a bridge whose packets pass no rules", async () => {
  const files = new FakeFileSystem();
  const masked = /-A KUBE-SEP-\w+ -s 10\.42\.0\.0\/16 .*-j KUBE-MARK-MASQ/;
  assert.match(await rulesWith(files), masked);
  files.put(BRIDGE_CALLS, "1\n");
  assert.doesNotMatch(await rulesWith(files), masked);
});

Deno.test("createBackend() removes what the other backend left", async () => {
  const left = "*nat\n:KUBE-SERVICES - [0:0]\n-A OUTPUT -j KUBE-SERVICES\nCOMMIT\n";
  const host = new FakeHost(({ program }) => program.endsWith("-save") ? left : "");
  await createBackend("nftables", { host, log: silentLog, clusterCidr: "" });
  const removals = host.commands.filter(({ program }) => program.endsWith("-restore"));
  assert.ok(removals.length > 0);
  assert.match(removals[0]!.stdin!, /-D OUTPUT -j KUBE-SERVICES\n-X KUBE-SERVICES/);
});
