import assert from "node:assert/strict";
import { formatKubeconfig, parseKubeconfig } from "./kubeconfig.ts";

const readFile = (path: string) => `content of ${path}`;

Deno.test("parseKubeconfig() reads what formatKubeconfig() wrote", () => {
  const text = formatKubeconfig({
    server: "https://10.0.0.1:6443",
    caPem: "CA ä",
    name: "edge",
    certPem: "CERT",
    keyPem: "KEY",
  });
  const config = parseKubeconfig(text, { readFile });
  assert.equal(config.server, "https://10.0.0.1:6443");
  assert.equal(config.caPem, "CA ä");
  assert.deepEqual(config.certificate!(), { certPem: "CERT", keyPem: "KEY" });
  assert.equal(config.token, undefined);
});

Deno.test("parseKubeconfig() follows the chosen context and reads named files anew", () => {
  const text = `
current-context: none
contexts: [{name: b, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://x", certificate-authority: ca.crt}}]
users: [{name: u, user: {tokenFile: token}}]
`;
  let token = "one";
  const config = parseKubeconfig(text, {
    context: "b",
    readFile: (path) => path === "token" ? token : readFile(path),
  });
  assert.equal(config.caPem, "content of ca.crt");
  assert.equal(config.token!(), "one");
  token = "two";
  assert.equal(config.token!(), "two");
  assert.throws(() => parseKubeconfig(text, { readFile }), /it has no context "none"/);
});
