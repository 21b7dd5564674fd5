import assert from "node:assert/strict";
import { answerHeaders, forwardedHeaders } from "./headers.ts";

Deno.test("forwardedHeaders() keeps credentials and what concerns the connection from the target", () => {
  const headers = new Headers({
    accept: "*/*",
    authorization: "Bearer secret",
    connection: "close, X-Hop",
    cookie: "a=b",
    host: "api.example",
    "impersonate-user": "somebody",
    "transfer-encoding": "chunked",
    "x-hop": "1",
  });
  assert.deepEqual(forwardedHeaders(headers), { accept: "*/*", cookie: "a=b" });
});

Deno.test("answerHeaders() keeps every cookie and drops what concerns the connection", () => {
  const answer = answerHeaders({
    ":status": "200",
    connection: "close",
    "content-type": "text/plain",
    "set-cookie": ["a=1", "b=2"],
    missing: undefined,
  });
  assert.deepEqual([...answer], [
    ["content-type", "text/plain"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
});
