import assert from "node:assert/strict";
import { connect } from "../../cli/cluster/api.ts";
import { locateProgram } from "../../cli/program.ts";
import { runCommandLine } from "../../cli/run.ts";
import { serverConfig } from "../../control/config.ts";
import { startServer } from "../../control/server_process.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import { silentLog } from "../../shared/log/log.ts";

Deno.test("coracle get --as-of and coracle history show what was, from a store on disk", async () => {
  const dataDir = await Deno.makeTempDir();
  const config = serverConfig({
    "--data-dir": dataDir,
    "--listen": "127.0.0.1:0",
    "--disable": "controllers,scheduler",
  });
  let server = await startServer(config, silentLog);
  const coracle = async (...words: string[]) => {
    const out: string[] = [];
    const code = await runCommandLine([...words, "--data-dir", dataDir], {
      program: locateProgram(),
      clock: systemClock,
      print: (line) => out.push(line),
      printError: (line) => out.push(line),
      env: () => undefined,
    });
    return { code, out: out.join("\n") };
  };
  try {
    const { client, transport } = connect(server.kubeconfigPath);
    const ref = { namespace: "default", name: "web" };
    const resource = resources.deployments;
    const labels = { app: "web" };
    const made = await client.create(resource, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: ref,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "web", image: "nginx:1" }] },
        },
      },
    });
    await client.patch(resource, ref, { spec: { replicas: 3 } }, { type: "merge" });
    await client.delete(resource, ref);
    transport.close();

    const check = async () => {
      const then = made.metadata.resourceVersion!;
      const table = await coracle("get", "deploy", "--as-of", then);
      assert.match(table.out, /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/1 /);
      const json = await coracle("get", "deployment/web", "--as-of", then, "-o", "json");
      assert.equal(JSON.parse(json.out).spec.replicas, 1);
      assert.deepEqual(await coracle("get", "deploy", "web"), {
        code: 1,
        out: 'coracle: deployments.apps "web" not found',
      });
      assert.equal(
        (await coracle("get", "deploy")).out,
        "No resources found in default namespace.",
      );
      const { out } = await coracle("history", "deploy/web");
      const changes = out.split("\n").slice(1).map((line) => line.replace(/^\d+ +\S+Z +/, ""));
      assert.match(changes[0]!, /^coracle +created$/);
      assert.match(changes[1]!, /^coracle +spec\.replicas: 1 → 3$/);
      assert.match(changes[2]!, / deleted$/);
      assert.match(
        (await coracle("history", "deploy/web", "--diff")).out,
        /spec\.replicas\n {2}- 1\n {2}\+ 3/,
      );
    };
    await check();
    // The same after a restart: the log is on disk.
    await server.stop();
    server = await startServer(config, silentLog);
    await check();
    assert.equal((await coracle("get", "deploy", "--as-of", "soon")).code, 2);
    assert.equal((await coracle("history", "deploy")).code, 2);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
