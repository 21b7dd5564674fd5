import assert from "node:assert/strict";
import { readRequestInfo } from "../request_info.ts";
import { connectOptions } from "./admit_connect.ts";

type Case = readonly [kind: string, url: string, want: object];
const cases: readonly Case[] = [
  [
    "PodExecOptions",
    "/api/v1/namespaces/n/pods/p/exec?command=a&command=b&stdin=true&stdout=1&tty=false",
    { stdin: true, stdout: true, command: ["a", "b"] },
  ],
  ["PodPortForwardOptions", "/api/v1/namespaces/n/pods/p/portforward?ports=80&ports=81", {
    ports: [80, 81],
  }],
  ["PodProxyOptions", "/api/v1/namespaces/n/pods/p/proxy/a/b/?path=x", { path: "/a/b/" }],
  ["NodeProxyOptions", "/api/v1/nodes/a/proxy", {}],
  ["PodAttachOptions", "/api/v1/namespaces/n/pods/p/attach", {}],
];

for (const [kind, text, want] of cases) {
  Deno.test(`connectOptions() reads ${kind} of ${text}`, () => {
    const { pathname, searchParams: query } = new URL(text, "https://x");
    const info = readRequestInfo("GET", pathname, query);
    const options = connectOptions(kind, { query, info });
    assert.deepEqual(options, { kind, apiVersion: "v1", ...want });
  });
}
