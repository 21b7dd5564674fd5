import assert from "node:assert/strict";
import { eventually, output, run } from "../harness/command.ts";
import { testImage } from "../harness/image.ts";
import type { Scenarios } from "../harness/scenario.ts";

/** Pods one by one: start, look inside, end. */
export const pods: Scenarios = {
  "a pod runs within two seconds of its creation": async (cluster) => {
    await using kubectl = await cluster.namespace();
    const times: number[] = [];
    for (const name of ["one", "two", "three"]) {
      await using watch = kubectl.start("get", "pods", "--watch");
      const start = performance.now();
      await kubectl.do(["run", name, `--image=${testImage}`, "--", "sleep", "1000"]);
      await watch.says(new RegExp(`${name} +1/1 +Running`));
      times.push(performance.now() - start);
      await kubectl.do(["delete", "pod", name, "--grace-period=1", "--wait=false"]);
    }
    console.log(`pod created to running: ${times.map((ms) => Math.round(ms)).join(", ")} ms`);
    assert.ok(Math.min(...times) <= 2000, `${times}`);
  },

  "examples/hello is applied, and its Service answers with its page": async (cluster) => {
    const directory = new URL("../../../examples/hello", import.meta.url).pathname;
    const applied = await cluster.kubectl.do(["apply", "-f", directory]);
    assert.match(applied, /namespace\/hello created\n.*configmap\/hello-page created\n/);
    const kubectl = cluster.kubectl.in("hello");
    await kubectl.rolledOut("deployment/hello");
    const address = await kubectl.field("service/hello", ".spec.clusterIP");
    for (const node of cluster.nodes) {
      const page = node.inside("timeout", "3", "busybox", "wget", "-qO-", `http://${address}/`);
      const text = await eventually(`the page from ${node.name}`, async () => {
        const { code, stdout } = await run(page);
        return code === 0 && stdout;
      });
      assert.equal(text, "Hello from Coracle!\n");
    }
    const again = await cluster.kubectl.do(["apply", "-f", directory]);
    assert.equal(again.match(/unchanged/g)?.length, 4, again);
    // The page's server does not listen to SIGTERM, and has 30 s to do so.
    const deleted = await cluster.kubectl.do(["delete", "-f", directory, "--wait=false"]);
    assert.equal(deleted.match(/deleted/g)?.length, 4, deleted);
  },

  "get -o wide shows where a pod is, and describe what happened to it": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    await kubectl.ready("shell");
    const ip = await kubectl.field("pod/shell", ".status.podIP");
    const node = await kubectl.field("pod/shell", ".spec.nodeName");
    const wide = await kubectl.do(["get", "pods", "-o", "wide"]);
    const [header = "", row = ""] = wide.split("\n");
    assert.deepEqual(header.trim().split(/ {2,}|\s+(?=NOMINATED|READINESS)/), [
      "NAME",
      "READY",
      "STATUS",
      "RESTARTS",
      "AGE",
      "IP",
      "NODE",
      "NOMINATED NODE",
      "READINESS GATES",
    ]);
    assert.match(row, new RegExp(`^shell +1/1 +Running +0 +\\d+s +${ip} +${node} +<none> +<none>`));
    const told = await eventually("the event Started", async () => {
      const text = await kubectl.do(["describe", "pod", "shell"]);
      return /Normal +Started +.*kubelet/.test(text) && text;
    });
    assert.match(told, /Normal +Scheduled +.*default-scheduler +Successfully assigned t\d+\/shell/);
    assert.match(told, /Normal +Pulled .*already present on machine/);
    assert.match(told, /Normal +Created /);
    assert.match(told, /Ready +True/);
  },

  "exec passes exit codes, streams and standard input through": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    await kubectl.ready("shell");
    const sh = (script: string) => ["exec", "-i", "shell", "--", "sh", "-c", script];
    const seven = await kubectl.run(sh("echo out; echo err >&2; exit 7"));
    assert.equal(seven.code, 7);
    assert.equal(seven.stdout, "out\n");
    assert.match(seven.stderr, /^err\n/);
    const text = "x".repeat(300_000) + "\n";
    assert.equal(await kubectl.do(sh("cat"), { stdin: text }), text);
    const none = await kubectl.run(["exec", "shell", "--", "no-such-program"]);
    assert.notEqual(none.code, 0);
  },

  "attach, run --rm -i and debug join a pod": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    const image = `--image=${testImage}`;
    const stdin = "echo $((6 * 7))\n";
    const ran = await kubectl.do(
      ["run", "once", "--rm", "-i", "--restart=Never", image, "--", "sh"],
      { stdin },
    );
    assert.match(ran, /^42\npod "once" deleted/);
    await kubectl.ready("shell");
    await using attached = kubectl.start("attach", "shell");
    await attached.says(/tick-\d+\n/);
    const debug = ["debug", "shell", image, "--target=main", "--container=look"];
    await kubectl.do([...debug, "--", "sh", "-c", "ps; echo done"]);
    const seen = await eventually("the debugger's words", async () => {
      const { stdout } = await kubectl.run(["logs", "shell", "-c", "look"]);
      return stdout.endsWith("done\n") && stdout;
    });
    assert.match(seen, /1 root +sh -c echo started/, "it sees the processes of its target");
  },

  "logs, logs -f, --tail and --since-time show what a container said": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    await kubectl.ready("shell");
    await using follow = kubectl.start("logs", "-f", "shell");
    await follow.says(/^started\n(tick-\d+\n){2}/);
    assert.match(await kubectl.do(["logs", "shell"]), /^started\ntick-/);
    assert.match(await kubectl.do(["logs", "shell", "--tail=1"]), /^tick-\d+\n$/);
    assert.match(
      await kubectl.do(["logs", "shell", "--tail=1", "--timestamps"]),
      /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) tick-/,
    );
    const now = (await kubectl.do(["logs", "shell", "--tail=1", "--timestamps"])).split(" ")[0];
    const since = await kubectl.do(["logs", "shell", `--since-time=${now}`]);
    assert.doesNotMatch(since, /started/);
    await kubectl.do(["delete", "pod", "shell", "--wait=false"]);
    assert.equal(await follow.code(), 0, "the end of the container is the end of logs -f");
  },

  "cp carries files in and out": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    await kubectl.ready("shell");
    const directory = await Deno.makeTempDir({ prefix: "coracle-e2e-cp-" });
    try {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      await Deno.mkdir(`${directory}/in/below`, { recursive: true });
      await Deno.writeFile(`${directory}/in/below/data`, bytes);
      await kubectl.do(["cp", `${directory}/in`, "shell:/tmp/put"]);
      assert.match(await kubectl.do(["exec", "shell", "--", "ls", "/tmp/put/below"]), /^data$/m);
      await kubectl.do(["cp", "shell:/tmp/put/below/data", `${directory}/out`]);
      assert.deepEqual(await Deno.readFile(`${directory}/out`), bytes);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },

  "port-forward leads to a pod's port and to a Service's": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("web");
    await kubectl.rolledOut("deployment/web");
    for (const [target, port] of [["deployment/web", "8080"], ["service/web", "80"]] as const) {
      await using forward = kubectl.start("port-forward", target, `:${port}`);
      const [, local] = await forward.says(/Forwarding from 127.0.0.1:(\d+)/);
      const url = `http://127.0.0.1:${local}/`;
      for (let count = 0; count < 3; count++) {
        const get = ["timeout", "5", "busybox", "wget", "-qO-", url];
        assert.match(await output(cluster.lan.inside(cluster.lan.hub, get)), /^web-/);
      }
    }
  },

  "a container that ends is started again, and --previous has its last words": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("crash");
    await kubectl.until("pod/crash", ".status.containerStatuses[0].restartCount", "1");
    await kubectl.until("pod/crash", ".status.phase", "Running");
    const last = ".status.containerStatuses[0].lastState.terminated";
    assert.equal(await kubectl.field("pod/crash", `${last}.exitCode`), "3");
    assert.equal(await kubectl.field("pod/crash", `${last}.reason`), "Error");
    assert.equal(await kubectl.do(["logs", "crash"]), "second life\n");
    assert.equal(await kubectl.do(["logs", "crash", "--previous"]), "first life\n");
  },

  "a container that is killed from outside is started again": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("shell");
    await kubectl.ready("shell");
    const status = ".status.containerStatuses[0]";
    const id = (await kubectl.field("pod/shell", `${status}.containerID`)).split("//")[1]!;
    const name = await kubectl.field("pod/shell", ".spec.nodeName");
    const node = cluster.nodes.find((node) => node.name === name)!;
    await output(node.podman("kill", "--signal", "KILL", id));
    await kubectl.until("pod/shell", `${status}.restartCount`, "1");
    await kubectl.until("pod/shell", `${status}.ready`, "true");
    const next = await kubectl.field("pod/shell", `${status}.containerID`);
    assert.notEqual(next.split("//")[1], id);
    assert.equal(
      await kubectl.field("pod/shell", `${status}.lastState.terminated.exitCode`),
      "137",
    );
  },

  "a failed liveness probe restarts the container": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("probes");
    await kubectl.ready("probed");
    await kubectl.do(["exec", "probed", "--", "rm", "/tmp/alive"]);
    await kubectl.until("pod/probed", ".status.containerStatuses[0].restartCount", "1");
    await kubectl.ready("probed");
    await eventually("the event Unhealthy", async () => {
      const text = await kubectl.do(["get", "events"]);
      return /Unhealthy +pod\/probed +Liveness probe failed/.test(text) && /Killing/.test(text);
    });
  },

  "a Job runs to its end": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("job");
    await kubectl.do(["wait", "--for=condition=Complete", "job/sum", "--timeout=40s"]);
    assert.equal(await kubectl.field("job/sum", ".status.succeeded"), "2");
    assert.equal(await kubectl.do(["logs", "job/sum"]), "42\n");
    const pods = await kubectl.do(["get", "pods"]);
    assert.equal(pods.match(/0\/1 +Completed +0/g)?.length, 2, pods);
    await kubectl.do(["delete", "job", "sum"]);
    await eventually("the Job's pods are gone", async () => {
      return (await kubectl.do(["get", "pods", "-o", "name"])) === "";
    });
  },

  "a pod on the host's network has the node's address": async (cluster) => {
    await using kubectl = await cluster.namespace();
    await kubectl.applyTestdata("host_network");
    await kubectl.ready("on-the-host");
    const address = await kubectl.field("pod/on-the-host", ".status.podIP");
    assert.equal(address, await kubectl.field("pod/on-the-host", ".status.hostIP"));
    assert.ok(cluster.nodes.some((node) => node.address === address), address);
    const links = await kubectl.do(["exec", "on-the-host", "--", "ip", "address"]);
    assert.match(links, new RegExp(`inet ${address}/`));
  },
};
