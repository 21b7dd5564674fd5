import assert from "node:assert/strict";
import type { ConfigMap, Pod, Secret } from "../../shared/api/core/v1/types.gen.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { FakeFileSystem } from "../host/fake_file_system.ts";
import { FakeHost } from "../host/fake_host.ts";
import { writeAtomically } from "./atomic_writer.ts";
import { podField, resourceField } from "./downward_fields.ts";
import { checkHostPath } from "./host_path.ts";
import type { ObjectSource } from "./plugin.ts";
import { renewalTime } from "./projected.ts";
import { resolveSubPath } from "./sub_path.ts";
import { VolumeManager } from "./volume_manager.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const file = (path: string, text: string) => ({ path, content: bytes(text), mode: 0o644 });

function pod(volumes: NonNullable<Pod["spec"]>["volumes"], more: Partial<Pod["spec"]> = {}): Pod {
  const volumeMounts = (volumes ?? []).map(({ name }) => ({ name, mountPath: `/${name}` }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "shop", name: "web", uid: "u1", labels: { app: "a", tier: 'x"y' } },
    spec: { containers: [{ name: "main", volumeMounts }], volumes, ...more },
  };
}

function setting(objects: Partial<ObjectSource> = {}) {
  const files = new FakeFileSystem();
  const clock = new FakeClock();
  files.put("/proc/self/mountinfo", "");
  const host = new FakeHost(({ program, args }) => {
    const path = args.at(-1)!;
    const lines = files.text("/proc/self/mountinfo")!.split("\n");
    if (program === "mount") lines.push(`1 2 3:4 / ${path} rw`);
    const kept = program === "umount" ? lines.filter((line) => !line.includes(` ${path} `)) : lines;
    files.put("/proc/self/mountinfo", kept.join("\n"));
    return "";
  });
  const none = async () => undefined;
  const source: ObjectSource = {
    configMap: none,
    secret: none,
    claim: none,
    persistentVolume: none,
    token: async () => ({ token: "secret-token", issuedAt: 1000, expiresAt: 3_601_000 }),
    ...objects,
  };
  const volumes = new VolumeManager({
    host,
    files,
    clock,
    objects: source,
    allocatable: { cpu: "4", memory: "8Gi" },
    podsDir: "/pods",
  });
  return { files, clock, host, volumes };
}

Deno.test("writeAtomically() turns all files over at once and removes what is no longer shown", async () => {
  const { files, clock } = setting();
  await files.makeDirectory("/v");
  assert.equal(
    await writeAtomically("/v", [file("a", "1"), file("d/b", "2")], { files, clock }),
    true,
  );
  assert.equal(files.text("/v/a"), "1");
  assert.equal(files.text("/v/d/b"), "2");
  assert.equal(await files.readLink("/v/a"), "..data/a");
  const before = await files.readLink("/v/..data");
  assert.equal(
    await writeAtomically("/v", [file("a", "1"), file("d/b", "2")], { files, clock }),
    false,
  );
  assert.equal(await files.readLink("/v/..data"), before);
  await writeAtomically("/v", [file("a", "new")], { files, clock });
  assert.equal(files.text("/v/a"), "new");
  const names = await files.list("/v");
  assert.deepEqual(names.filter((name) => !name.startsWith("..")), ["a"]);
  assert.equal(names.length, 3, "one data directory, its link, one name");
});

Deno.test("a configMap volume shows items with their modes, and follows a change", async () => {
  let value = "one";
  const map = (): ConfigMap => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {},
    data: { key: value, other: "x" },
    binaryData: { raw: "AAE=" },
  });
  const { volumes, files } = setting({ configMap: async () => map() });
  const items = [{ key: "key", path: "sub/k", mode: 0o400 }, { key: "raw", path: "raw" }];
  const target = pod([{ name: "v", configMap: { name: "cm", items, defaultMode: 0o440 } }]);
  const mounted = (await volumes.setUp(target)).byName.get("v")!;
  assert.equal(mounted.path, "/pods/u1/volumes/configMap/v");
  assert.equal(files.text(`${mounted.path}/sub/k`), "one");
  assert.deepEqual(await files.read(`${mounted.path}/raw`), new Uint8Array([0, 1]));
  const data = await files.realPath(`${mounted.path}/..data`);
  assert.equal((await files.stat(`${data}/sub/k`))?.mode, 0o400);
  assert.equal((await files.stat(`${data}/raw`))?.mode, 0o440);
  value = "two";
  await volumes.setUp(target);
  assert.equal(files.text(`${mounted.path}/sub/k`), "two");
});

const failures: readonly [string, NonNullable<Pod["spec"]>["volumes"], string][] = [
  ["a missing ConfigMap", [{ name: "v", configMap: { name: "no" } }], 'configmap "no" not found'],
  ["a missing Secret", [{ name: "v", secret: { secretName: "no" } }], 'secret "no" not found'],
  [
    "a missing claim",
    [{ name: "v", persistentVolumeClaim: { claimName: "no" } }],
    'persistentvolumeclaim "no" not found',
  ],
  [
    "an unknown kind",
    [{ name: "v", nfs: { server: "s", path: "/" } }],
    "volume type nfs is not supported",
  ],
  [
    "a path of the wrong type",
    [{ name: "v", hostPath: { path: "/proc/self/mountinfo", type: "Directory" } }],
    "hostPath type check failed: /proc/self/mountinfo is not a directory",
  ],
];
for (const [title, volumes, message] of failures) {
  Deno.test(`VolumeManager setUp() says which volume failed: ${title}`, async () => {
    await assert.rejects(setting().volumes.setUp(pod(volumes)), (error: Error) => {
      return error.message.startsWith('MountVolume.SetUp failed for volume "v" : ') &&
        error.message.includes(message);
    });
  });
}

Deno.test("an optional source that is missing leaves the volume empty", async () => {
  const { volumes, files } = setting();
  const source = { name: "no", optional: true };
  const { byName } = await volumes.setUp(pod([{ name: "v", configMap: source }]));
  const names = await files.list(byName.get("v")!.path);
  assert.deepEqual(names.filter((name) => !name.startsWith("..")), []);
});

Deno.test("a secret volume lives in memory, belongs to the fsGroup, and is unmounted with the pod", async () => {
  const secret: Secret = { apiVersion: "v1", kind: "Secret", metadata: {}, data: { k: "aGk=" } };
  const { volumes, files, host } = setting({ secret: async () => secret });
  const target = pod([{ name: "v", secret: { secretName: "s" } }], {
    securityContext: { fsGroup: 77 },
  });
  const { byName } = await volumes.setUp(target);
  const { path } = byName.get("v")!;
  assert.equal(files.text(`${path}/k`), "hi");
  assert.deepEqual(files.owner(`${path}/k`), [0, 77]);
  await volumes.setUp(target);
  assert.equal(host.lines.filter((line) => line.startsWith("mount ")).length, 1);
  await volumes.tearDown("u1");
  await volumes.tearDown("u1");
  assert.equal(host.lines.filter((line) => line.startsWith("umount ")).length, 1);
  assert.deepEqual(await files.list("/pods/u1"), []);
});

Deno.test("a projected volume joins its sources and says when the token must be renewed", async () => {
  const { volumes, files } = setting();
  const sources = [
    { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
    { downwardAPI: { items: [{ path: "ns", fieldRef: { fieldPath: "metadata.namespace" } }] } },
  ];
  const more = { securityContext: { runAsUser: 1000 } };
  const result = await volumes.setUp(pod([{ name: "v", projected: { sources } }], more));
  const { path } = result.byName.get("v")!;
  assert.equal(files.text(`${path}/token`), "secret-token");
  assert.equal(files.text(`${path}/ns`), "shop");
  assert.deepEqual(files.owner(`${path}/token`), [1000, 0]);
  assert.equal(result.refreshAt, 1000 + 0.8 * 3_600_000);
});

Deno.test("renewalTime() is at most a day after the issue", () => {
  assert.equal(renewalTime({ token: "", issuedAt: 0, expiresAt: 1e12 }), 24 * 3600_000);
});

Deno.test("an emptyDir in memory is limited in size, one on disk is for everybody", async () => {
  const { volumes, files, host } = setting();
  await volumes.setUp(pod([
    { name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    { name: "d", emptyDir: {} },
  ]));
  assert.match(host.lines[0]!, /^mount -t tmpfs -o mode=0755,size=1048576 tmpfs .*\/m$/);
  assert.equal((await files.stat("/pods/u1/volumes/emptyDir/d"))?.mode, 0o777);
});

Deno.test("a claim bound to a hostPath volume mounts that path", async () => {
  const { volumes } = setting({
    claim: async () => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {},
      spec: { volumeName: "pv" },
      status: { phase: "Bound" },
    }),
    persistentVolume: async () => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "pv" },
      spec: { hostPath: { path: "/data/pv" } },
    }),
  });
  const { byName } = await volumes.setUp(
    pod([{ name: "v", persistentVolumeClaim: { claimName: "c", readOnly: true } }]),
  );
  assert.deepEqual(byName.get("v"), { path: "/data/pv", readOnly: true });
});

Deno.test("volumes that no container mounts are not set up", async () => {
  const { volumes } = setting();
  const target = pod([{ name: "v", configMap: { name: "no" } }]);
  target.spec!.containers = [{ name: "main" }];
  assert.equal((await volumes.setUp(target)).byName.size, 0);
});

Deno.test("checkHostPath() creates what OrCreate types ask for", async () => {
  const { files } = setting();
  await checkHostPath(files, "/h/dir", "DirectoryOrCreate");
  await checkHostPath(files, "/h/dir/file", "FileOrCreate");
  assert.equal((await files.stat("/h/dir"))?.type, "directory");
  assert.equal((await files.stat("/h/dir/file"))?.type, "file");
  await assert.rejects(checkHostPath(files, "/h/dir", "Socket"), /is not a socket file/);
});

Deno.test("resolveSubPath() makes directories and refuses every way out of the volume", async () => {
  const { files } = setting();
  await files.makeDirectory("/vol/in");
  await files.makeDirectory("/etc");
  assert.equal(await resolveSubPath(files, "/vol", "a/b"), "/vol/a/b");
  await files.link("/etc", "/vol/out");
  await files.link("in", "/vol/alias");
  assert.equal(await resolveSubPath(files, "/vol", "alias/x"), "/vol/in/x");
  for (const path of ["out/passwd", "../etc", "a/../../etc", "/etc"]) {
    await assert.rejects(resolveSubPath(files, "/vol", path), /subPath/);
  }
});

Deno.test("podField() reads the supported fields and no other", () => {
  const target = pod([]);
  assert.equal(podField(target, "metadata.labels"), 'app="a"\ntier="x\\"y"');
  assert.equal(podField(target, "metadata.labels['app']"), "a");
  assert.equal(podField(target, "metadata.annotations['no']"), "");
  assert.throws(() => podField(target, "spec.hostname"), /unsupported fieldPath: spec.hostname/);
});

const resourceCases = [
  ["limits.cpu", undefined, "1"],
  ["limits.cpu", "1m", "250"],
  ["requests.memory", "1Mi", "64"],
  ["limits.memory", "1Gi", "8"],
] as const;
for (const [resource, divisor, want] of resourceCases) {
  Deno.test(`resourceField() gives ${resource} in units of ${divisor ?? "1"}`, () => {
    const resources = { limits: { cpu: "250m" }, requests: { memory: "64Mi" } };
    const container = { name: "main", resources };
    const selector = divisor ? { resource, divisor } : { resource };
    const allocatable = { cpu: "4", memory: "8Gi" };
    assert.equal(resourceField(pod([]), selector, allocatable, container), want);
  });
}
