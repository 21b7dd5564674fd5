import assert from "node:assert/strict";
import { readRequestInfo } from "./request_info.ts";

const cases: readonly [string, string, Record<string, unknown>][] = [
  ["GET", "/api/v1/pods", { verb: "list", resource: "pods", namespace: "", name: "" }],
  ["GET", "/api/v1/namespaces/a/pods/p/log", {
    verb: "get",
    resource: "pods",
    namespace: "a",
    name: "p",
    subresource: "log",
  }],
  ["GET", "/api/v1/namespaces/a", {
    verb: "get",
    resource: "namespaces",
    namespace: "a",
    name: "a",
  }],
  ["PUT", "/api/v1/namespaces/a/finalize", {
    verb: "update",
    resource: "namespaces",
    name: "a",
    subresource: "finalize",
  }],
  ["DELETE", "/apis/apps/v1/namespaces/a/deployments", {
    verb: "deletecollection",
    group: "apps",
    resource: "deployments",
  }],
  ["GET", "/apis/apps/v1/deployments?watch=1", { verb: "watch", resource: "deployments" }],
  ["GET", "/api/v1/nodes/n/proxy/a/b", { subresource: "proxy", rest: "a/b", name: "n" }],
  ["GET", "/api/v1/secrets?fieldSelector=metadata.name%3Dx", { verb: "list", name: "x" }],
  ["GET", "/api/v1/watch/namespaces/a/pods", { verb: "watch", resource: "pods", namespace: "a" }],
  ["GET", "/api/v1/watch/namespaces/a/pods/p", { verb: "get", resource: "watch" }],
  ["DELETE", "/api/v1/watch/pods", { verb: "delete", resource: "watch" }],
  ["GET", "/apis/apps/v1", { isResource: false, verb: "get" }],
  ["POST", "/healthz", { isResource: false, verb: "post" }],
];

for (const [method, url, want] of cases) {
  Deno.test(`readRequestInfo() reads ${method} ${url}`, () => {
    const { pathname, searchParams } = new URL(url, "https://x");
    const info = readRequestInfo(method, pathname, searchParams) as unknown as Record<
      string,
      unknown
    >;
    for (const [key, value] of Object.entries(want)) assert.equal(info[key], value, key);
  });
}
