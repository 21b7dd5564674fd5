import assert from "node:assert/strict";
import { Cluster } from "./cluster.ts";

const path = "/api/v1/namespaces/default/configmaps/settings";
const user = { name: "admin", groups: ["system:masters", "system:authenticated"] };
const settings = (resourceVersion?: string) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", resourceVersion },
    data: { a: "1" },
  });
const json = { "content-type": "application/json" };

const answers = [
  { title: "a PUT that changes nothing", method: "PUT", body: settings(), code: 200 },
  { title: "a PUT of an old version", method: "PUT", body: settings("1"), code: 409 },
  { title: "a dry run of a creation", method: "POST", body: settings(), code: 409 },
];

for (const { title, method, body, code } of answers) {
  Deno.test(`${title} is answered when what the answer rests on is durable`, async () => {
    await using cluster = await Cluster.start({ components: false });
    const collection = path.slice(0, path.lastIndexOf("/"));
    const created = { method: "POST", user, headers: json, body: settings() };
    assert.equal((await cluster.request(collection, created)).status, 201);

    const { storage } = cluster;
    // The first state is lost, the second becomes durable.
    const writes = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
    let asked = 0;
    storage.settled = () => {
      asked++;
      return (writes[asked - 1] ?? writes[1]!).promise;
    };
    let isAnswered = false;
    const target = method === "POST" ? `${collection}?dryRun=All` : path;
    const answer = cluster.request(target, { method, user, headers: json, body })
      .finally(() => isAnswered = true);
    while (asked < 1) await turn();
    await turn();
    assert.equal(isAnswered, false, "answered by what is not durable yet");
    writes[0]!.resolve(false);
    while (asked < 2) await turn();
    await turn();
    assert.equal(isAnswered, false, "answered by what was lost");
    writes[1]!.resolve(true);
    const { status, body: text } = await answer;
    await text?.cancel();
    assert.equal(status, code);
  });
}

/** Lets everything go on that waits for nothing else. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
