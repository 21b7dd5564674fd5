import type { Host } from "../../host/host.ts";
import type { PodmanOptions } from "./service.ts";

const applets =
  "sh cat echo sleep env id true false ls hostname mount nc wget httpd ip touch mkdir rm test kill ps grep head tail date"
    .split(" ");

/**
 * For tests without a registry: an image of the machine's static busybox, as `localhost/busybox:latest`. Undefined
 * if there is no such busybox. The runtime must have been opened, so that its configuration is there.
 */
export async function busyboxImage(
  host: Host,
  options: PodmanOptions & { readonly storageDir: string },
): Promise<string | undefined> {
  const binary = await Deno.readFile("/bin/busybox").catch(() => undefined);
  if (!binary) return undefined;
  const tree = await Deno.makeTempDir();
  const archive = `${tree}.tar`;
  try {
    await Deno.mkdir(`${tree}/bin`);
    await Deno.mkdir(`${tree}/tmp`);
    await Deno.mkdir(`${tree}/etc`);
    await Deno.writeFile(`${tree}/bin/busybox`, binary, { mode: 0o755 });
    for (const name of applets) await Deno.symlink("busybox", `${tree}/bin/${name}`);
    await host.output("/bin/tar", ["-C", tree, "-cf", archive, "."]);
    const { storageDir, runDir } = options;
    const globals = ["--root", storageDir, "--runroot", `${runDir}/storage`];
    await host.output("podman", [
      ...globals,
      "--tmpdir",
      `${runDir}/libpod`,
      "import",
      "--quiet",
      "--change",
      "ENV PATH=/bin",
      archive,
      "localhost/busybox:latest",
    ], { env: { CONTAINERS_CONF: `${runDir}/containers.conf` } });
    return "localhost/busybox:latest";
  } finally {
    await Deno.remove(tree, { recursive: true });
    await Deno.remove(archive).catch(() => {});
  }
}
