import assert from "node:assert/strict";
import { agentPermissions, cliPermissions, serverPermissions } from "./permissions.ts";
import { locateProgram } from "./program.ts";

const program = locateProgram();

/** What the server tries with its own rights; prints the names of what it could do. */
const attempts = `
const [dataDir, listen] = Deno.args;
const port = Number(listen.split(":")[1]);
const attempts = {
  readOwn: () => Deno.readTextFile(dataDir + "/own"),
  writeOwn: () => Deno.writeTextFile(dataDir + "/new", ""),
  openStore: async () => (await Deno.openKv(dataDir + "/kv")).close(),
  listen: () => Deno.listen({ hostname: "127.0.0.1", port }).close(),
  readPasswords: () => Deno.readTextFile("/etc/passwd"),
  // Links are followed wherever they lead, so making them must be out of reach.
  makeLink: () => Deno.symlink("/etc/passwd", dataDir + "/link"),
  readNeighbour: () => Deno.readTextFile(dataDir + "-other/secret"),
  readAbove: () => Deno.readTextFile(dataDir + "/../above"),
  readProcess: () => Deno.readTextFile("/proc/self/environ"),
  writeProgram: () => Deno.writeTextFile(new URL(import.meta.url), "", { append: true }),
  writeTemporary: () => Deno.makeTempFile(),
  connect: async () => (await Deno.connect({ hostname: "192.0.2.1", port: 22 })).close(),
  connectByName: async () => (await Deno.connect({ hostname: "example.com", port: 22 })).close(),
  callWebhook: async () => (await Deno.connect({ hostname: "localhost", port: 1 })).close(),
  listenElsewhere: () => Deno.listen({ hostname: "0.0.0.0", port: 0 }).close(),
  run: () => new Deno.Command("/bin/true").output(),
  load: () => Deno.dlopen("libc.so.6", {}),
  environment: () => Deno.env.toObject(),
  home: () => Deno.env.get("HOME"),
  memory: () => Deno.systemMemoryInfo(),
};
for (const [name, attempt] of Object.entries(attempts)) {
  try { await attempt(); console.log(name); } catch (error) {
    if (error.name !== "NotCapable") console.log(name, error.name);
  }
}
`;

Deno.test("serverPermissions() let a server read, write and listen where it must, and nothing else", async () => {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  const dataDir = `${directory}/data with spaces`;
  try {
    await Deno.mkdir(dataDir);
    await Deno.mkdir(`${dataDir}-other`);
    await Deno.writeTextFile(`${dataDir}/own`, "");
    await Deno.writeTextFile(`${dataDir}-other/secret`, "");
    await Deno.writeTextFile(`${directory}/above`, "");
    await Deno.writeTextFile(`${directory}/attempts.js`, attempts);
    const listen = `127.0.0.1:${freePort()}`;
    const rights = serverPermissions(program, {
      dataDir,
      listen,
      logFile: "",
      reachable: ["localhost"],
    });
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-config",
        "--no-prompt",
        "--unstable-kv",
        ...rights,
        `${directory}/attempts.js`,
        dataDir,
        listen,
      ],
    }).output();
    const could = new TextDecoder().decode(stdout).trim().split("\n");
    assert.deepEqual(
      could,
      ["readOwn", "writeOwn", "openStore", "listen", "callWebhook ConnectionRefused"],
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("serverPermissions() add the log file and the one before it, if there is one", () => {
  const [read, write] = serverPermissions({ ...program, kind: "bundle", root: "/p" }, {
    dataDir: "/d",
    listen: "0.0.0.0:6443",
    logFile: "/log/server.log",
    reachable: [],
  });
  assert.equal(read, "--allow-read=/d,/log/server.log,/log/server.log.1,/p/components_worker.js");
  assert.equal(write, "--allow-write=/d,/log/server.log,/log/server.log.1");
});

Deno.test("serverPermissions() refuse a directory whose name would mean two", () => {
  const rights = { dataDir: "/d,/etc", listen: "0.0.0.0:6443", logFile: "", reachable: [] };
  assert.throws(() => serverPermissions(program, rights), /^Error: Cannot use \/d,\/etc: /);
});

Deno.test("the launcher gives the command line the rights that are declared for it", async () => {
  const launcher = await Deno.readTextFile(`${program.root}/coracle`);
  assert.ok(launcher.includes(`--unstable-worker-options ${cliPermissions.join(" ")} "$entry"`));
  assert.deepEqual(agentPermissions, ["--allow-all"]);
});

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}
