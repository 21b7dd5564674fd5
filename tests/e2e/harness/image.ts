import { output, run } from "./command.ts";

/** What the pods of these tests run: a static busybox with all its applets. */
export const testImage = "localhost/coracle-e2e:1";
/** The name under which `examples/hello` asks for it. */
const helloImage = "localhost/coracle-hello:1";

/** The machine's static busybox; undefined if there is none. */
export async function findBusybox(): Promise<string | undefined> {
  for (const path of ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static"]) {
    const { code } = await run(["sh", "-c", `test -x ${path} && ! ldd ${path}`]);
    if (code === 0) return path;
  }
}

/** Packs the image's files as a tar archive at `path`. */
export async function packImage(path: string): Promise<void> {
  const busybox = (await findBusybox())!;
  const tree = await Deno.makeTempDir({ prefix: "coracle-e2e-image-" });
  try {
    await Deno.chmod(tree, 0o755);
    for (const directory of ["bin", "etc", "tmp", "www"]) await Deno.mkdir(`${tree}/${directory}`);
    await Deno.chmod(`${tree}/tmp`, 0o1777);
    await Deno.copyFile(busybox, `${tree}/bin/busybox`);
    await Deno.chmod(`${tree}/bin/busybox`, 0o755);
    // Its own name is in the list too.
    const applets = (await output([busybox, "--list"])).trim().split("\n");
    for (const name of applets.filter((name) => name !== "busybox")) {
      await Deno.symlink("busybox", `${tree}/bin/${name}`);
    }
    await Deno.writeTextFile(`${tree}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
    await Deno.writeTextFile(`${tree}/etc/group`, "root:x:0:\n");
    await output(["tar", "-C", tree, "-cf", path, "."]);
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

/** Puts the image, and the same under the name of `examples/hello`, into the storage that `podman` works on. */
export async function importImage(podman: readonly string[], archive: string): Promise<void> {
  await output([...podman, "import", "--quiet", "--change", "ENV PATH=/bin", archive, testImage]);
  await output([...podman, "tag", testImage, helloImage]);
}
