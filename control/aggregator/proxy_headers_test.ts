import assert from "node:assert/strict";
import { isUserHeader, proxyHeaders } from "./proxy_headers.ts";

Deno.test("proxyHeaders() tell everything that is known of a user", () => {
  const user = {
    name: "ann",
    uid: "7",
    groups: ["a", "b"],
    extra: { "example.com/ü %": ["1", "2"], scopes: [] },
  };
  assert.deepEqual(proxyHeaders(user), {
    "x-remote-user": "ann",
    "x-remote-uid": "7",
    "x-remote-group": ["a", "b"],
    "x-remote-extra-example.com%2F%C3%BC%20%25": ["1", "2"],
  });
  assert.deepEqual(proxyHeaders({ name: "bob", groups: [] }), { "x-remote-user": "bob" });
});

Deno.test("isUserHeader() knows what no client may say of itself", () => {
  for (const name of ["x-remote-user", "X-Remote-Uid", "x-remote-group", "X-Remote-Extra-A"]) {
    assert.ok(isUserHeader(name), name);
  }
  assert.ok(!isUserHeader("x-remote-users"));
  assert.ok(!isUserHeader("accept"));
});
