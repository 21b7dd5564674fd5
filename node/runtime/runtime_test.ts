import assert from "node:assert/strict";
import { FakeFileSystem } from "../host/fake_file_system.ts";
import { FakeHost } from "../host/fake_host.ts";
import { imageCandidates, normalizeImage } from "./image_name.ts";
import { pauseProgram } from "./pause_program.ts";
import { containersConf, detectEngine } from "./podman/containers_conf.ts";
import { Demultiplexer } from "./podman/streams.ts";

const names = [
  ["busybox", "docker.io/library/busybox:latest"],
  ["a/b:1", "docker.io/a/b:1"],
  ["example.com/a", "example.com/a:latest"],
  ["example.com:5000/a", "example.com:5000/a:latest"],
  ["localhost/a", "localhost/a:latest"],
  ["a:1@sha256:abc", "docker.io/library/a@sha256:abc"],
] as const;
for (const [name, want] of names) {
  Deno.test(`normalizeImage() makes ${want} of ${name}`, () =>
    assert.equal(normalizeImage(name), want));
}

Deno.test("imageCandidates() also looks for what was built on the node", () => {
  const want = ["docker.io/library/app:1", "localhost/app:1"];
  assert.deepEqual(imageCandidates("app:1"), want);
  assert.deepEqual(imageCandidates("docker.io/library/app:1"), ["docker.io/library/app:1"]);
});

Deno.test("Demultiplexer puts frames together however they are cut", () => {
  const bytes = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 3, 97, 98, 99, 2, 0, 0, 0, 0, 0, 0, 1, 33]);
  for (let size = 1; size <= bytes.length; size++) {
    const demultiplexer = new Demultiplexer();
    const out: Record<number, string> = { 1: "", 2: "" };
    for (let at = 0; at < bytes.length; at += size) {
      for (const { stream, data } of demultiplexer.push(bytes.subarray(at, at + size))) {
        out[stream] += new TextDecoder().decode(data);
      }
    }
    assert.deepEqual(out, { 1: "abc", 2: "!" });
  }
});

function machine(cgroup: "v2" | "mixed", capabilities: string) {
  const files = new FakeFileSystem();
  files.put(
    "/proc/self/limits",
    "Max open files            1024                 20000                files\n",
  );
  files.put("/proc/self/status", `CapEff:\t${capabilities}\n`);
  files.put("/proc/self/oom_score_adj", "0");
  files.put("/proc/sys/kernel/pid_max", "32768");
  files.put(cgroup === "v2" ? "/sys/fs/cgroup/cgroup.controllers" : "/sys/fs/cgroup/unified/x", "");
  return files;
}

Deno.test("detectEngine() takes crun on a pure layout and may raise every limit with the right", async () => {
  const facts = await detectEngine(new FakeHost(), machine("v2", "000001ffffffffff"));
  assert.equal(facts.ociRuntime, "crun");
  assert.equal(facts.openFiles, undefined);
  assert.equal(facts.lowestOomScoreAdjust, -1000);
  assert.match(containersConf(facts), /default_ulimits = \[\]/);
});

Deno.test("detectEngine() takes runc on a mixed layout and stays below its own limits without it", async () => {
  const facts = await detectEngine(new FakeHost(), machine("mixed", "000001fffeffffff"));
  assert.equal(facts.ociRuntime, "runc");
  assert.equal(facts.lowestOomScoreAdjust, 0);
  assert.match(
    containersConf(facts),
    /default_ulimits = \["nofile=20000:20000","nproc=32768:32768"\]/,
  );
});

Deno.test("pauseProgram() is a small executable that runs until it is killed", async () => {
  const arm = pauseProgram("aarch64");
  assert.deepEqual([...arm.subarray(0, 4)], [0x7f, 0x45, 0x4c, 0x46]);
  assert.ok(arm.length < 256);
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, pauseProgram(Deno.build.arch));
    await Deno.chmod(path, 0o755);
    const child = new Deno.Command(path).spawn();
    child.kill("SIGKILL");
    assert.equal((await child.status).signal, "SIGKILL");
  } finally {
    await Deno.remove(path);
  }
});
