import assert from "node:assert/strict";
import { clusterSettings, ConfigError, historyLimits, serverConfig } from "./config.ts";

Deno.test("historyLimits() keeps a day within 64 MiB unless it is told otherwise", () => {
  assert.deepEqual(historyLimits(serverConfig({})), {
    ageMs: 86_400_000,
    bytes: 67_108_864,
    changes: Infinity,
  });
  const given = serverConfig({ "--history-age": "90s", "--history-bytes": "1500M" });
  assert.deepEqual(historyLimits(given), {
    ageMs: 90_000,
    bytes: 1_500_000_000,
    changes: Infinity,
  });
});

for (
  const [flag, value] of [
    ["--history-age", "30s"],
    ["--history-age", "9999d"],
    ["--history-age", "0"],
    ["--history-age", "long"],
    ["--history-bytes", "1000"],
    ["--history-bytes", "1Ti"],
    ["--history-bytes", "-1Gi"],
    ["--history-bytes", "much"],
  ] as const
) {
  Deno.test(`serverConfig() refuses ${flag}=${value}`, () => {
    assert.throws(() => serverConfig({ [flag]: value }), ConfigError);
  });
}

Deno.test("clusterSettings() are settings again, and name nothing of the machine", () => {
  const config = serverConfig({
    "--data-dir": "/here",
    "--listen": "10.0.0.1:1",
    "--advertise-address": "10.0.0.1",
    "--service-cidr": "10.99.0.0/16",
    "--disable": "scheduler,controllers",
  });
  const settings = clusterSettings(config);
  const text = JSON.stringify(settings);
  assert.deepEqual(clusterSettings(serverConfig({}, { path: "settings.yaml", text })), settings);
  assert.doesNotMatch(text, /here|10\.0\.0\.1/);
});
