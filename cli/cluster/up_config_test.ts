import assert from "node:assert/strict";
import { agentSettings } from "../../node/config.ts";
import { serverSettings } from "../../control/config.ts";
import { upConfig, upSettings } from "./up_config.ts";

Deno.test("up takes every setting of server and agent once, but those that it decides itself", () => {
  const keys = upSettings.map(({ key }) => key as string);
  assert.equal(new Set(keys).size, keys.length);
  const all = new Set([...serverSettings, ...agentSettings].map(({ key }) => key as string));
  const left = [...all].filter((key) => !keys.includes(key)).sort();
  assert.deepEqual(left, ["logFile", "networkNamespace", "server", "token", "tokenFile"]);
});

Deno.test("up refuses a key of the file that only an agent alone has", () => {
  const file = { path: "c.yaml", text: "token: secret" };
  assert.throws(() => upConfig({}, file), /unknown key "token"/);
});

Deno.test("up gives server and agent the same networks", () => {
  const config = upConfig({ "--cluster-cidr": "10.1.0.0/16" });
  assert.equal(config.clusterCidr, "10.1.0.0/16");
  assert.equal(config.dataDir, "/var/lib/coracle");
});
