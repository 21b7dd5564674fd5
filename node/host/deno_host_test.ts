import assert from "node:assert/strict";
import { DenoFileSystem } from "./deno_file_system.ts";
import { DenoHost } from "./deno_host.ts";

Deno.test("DenoHost refuses a program that is not on the list", async () => {
  const host = new DenoHost();
  await assert.rejects(host.run("sh", ["-c", "true"]), /not a program of this agent/);
  await assert.rejects(host.run("/bin/true", []), /not a plugin directory/);
});

Deno.test("DenoHost run() gives code, output and errors, and feeds stdin", async () => {
  const host = new DenoHost({ pluginDirectories: ["/bin"] });
  const result = await host.run("/bin/cat", [], { stdin: "hello" });
  assert.equal(new TextDecoder().decode(result.stdout), "hello");
  assert.equal((await host.run("/bin/false", [])).code, 1);
  await assert.rejects(
    host.output("/bin/ls", ["/no/such/file"]),
    /Cannot run \/bin\/ls .*No such file/,
  );
});

Deno.test("DenoHost run() ends a program that takes too long", async () => {
  const host = new DenoHost({ pluginDirectories: ["/bin"] });
  await assert.rejects(host.run("/bin/sleep", ["60"], { timeoutMs: 20 }), /no end after 20 ms/);
});

Deno.test("DenoHost does not pass its own environment on", async () => {
  const host = new DenoHost({ pluginDirectories: ["/usr/bin"] });
  const text = await host.output("/usr/bin/env", [], { env: { CNI_COMMAND: "ADD" } });
  const names = text.trim().split("\n").map((line) => line.split("=")[0]).sort();
  assert.deepEqual(names, ["CNI_COMMAND", "HOME", "LC_ALL", "PATH"]);
});

Deno.test("DenoFileSystem write() replaces a file whole with the mode asked for", async () => {
  const directory = await Deno.makeTempDir();
  const files = new DenoFileSystem();
  try {
    const path = `${directory}/a`;
    await files.write(path, "one", { mode: 0o644 });
    await files.write(path, "two", { mode: 0o440 });
    assert.equal(new TextDecoder().decode(await files.read(path)), "two");
    assert.equal((await files.stat(path))?.mode, 0o440);
    assert.deepEqual(await files.list(directory), ["a"]);
    assert.equal(new TextDecoder().decode(await files.readTail(path, 2)), "wo");
  } finally {
    await files.remove(directory);
  }
});

Deno.test("DenoFileSystem takes absence as an answer", async () => {
  const files = new DenoFileSystem();
  assert.equal(await files.read("/no/such/file"), undefined);
  assert.equal(await files.stat("/no/such/file"), undefined);
  assert.deepEqual(await files.list("/no/such/file"), []);
  await files.remove("/no/such/file");
  assert.equal(await files.removeDirectory("/no/such/file"), false);
});

Deno.test("DenoFileSystem link() swaps what a name points at", async () => {
  const directory = await Deno.makeTempDir();
  const files = new DenoFileSystem();
  try {
    await files.link("one", `${directory}/data`);
    await files.link("two", `${directory}/data`);
    assert.equal(await files.readLink(`${directory}/data`), "two");
    assert.deepEqual(await files.list(directory), ["data"]);
  } finally {
    await files.remove(directory);
  }
});
