import assert from "node:assert/strict";
import { dialMessage, hostPort } from "./dial_message.ts";

const cases: readonly (readonly [code: string, host: string, want: string])[] = [
  ["ECONNREFUSED", "10.0.0.1", "dial tcp 10.0.0.1:443: connect: connection refused"],
  ["EHOSTUNREACH", "fd00::1", "dial tcp [fd00::1]:443: connect: no route to host"],
  ["ETIMEDOUT", "10.0.0.1", "dial tcp 10.0.0.1:443: i/o timeout"],
  ["ENOTFOUND", "nowhere.example", "dial tcp: lookup nowhere.example: no such host"],
  ["ECONNRESET", "10.0.0.1", "EOF"],
  ["EPERM", "10.0.0.1", "the platform's text"],
];

for (const [code, host, want] of cases) {
  Deno.test(`dialMessage() says ${JSON.stringify(want)}`, () => {
    const error = Object.assign(new Error("the platform's text"), { code });
    assert.equal(dialMessage(error, host, 443), want);
  });
}

Deno.test("hostPort() brackets IPv6 addresses", () => {
  assert.equal(hostPort("fd00::1", 6443), "[fd00::1]:6443");
  assert.equal(hostPort("example.com", 443), "example.com:443");
});
