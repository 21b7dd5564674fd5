import type { FileSystem } from "../../node/host/file_system.ts";
import type { Host } from "../../node/host/host.ts";
import { runDirOf } from "../../node/removal.ts";
import type { AgentConfig } from "../../node/config.ts";

/** What `examples/hello` runs. */
export const demoImage = "localhost/coracle-hello:1";

/** Static builds of busybox, where distributions have them. */
const busyboxes = ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static", "/sbin/busybox"];
const applets = ["cat", "echo", "env", "httpd", "id", "ls", "ping", "ps", "sh", "sleep", "wget"];

interface Node {
  readonly host: Host;
  readonly files: FileSystem;
  readonly config: Pick<AgentConfig, "dataDir" | "nodeName" | "ownStorage">;
}

/**
 * Makes the demo's image in the agent's storage, of the machine's static busybox, unless it is there: no registry is
 * needed. The agent must have run, because it writes Podman's configuration.
 */
export async function ensureDemoImage(node: Node): Promise<string> {
  const podman = (args: readonly string[]) =>
    node.host.run("podman", [...storageArgs(node.config), ...args], {
      env: { CONTAINERS_CONF: `${runDirOf(node.config)}/containers.conf` },
    });
  if ((await podman(["image", "exists", demoImage])).code === 0) {
    return `Image ${demoImage} is there already`;
  }
  const busybox = await findBusybox(node.files);
  const archive = await packImage(busybox);
  try {
    const change = ["--change", "ENV PATH=/bin", "--change", 'CMD ["sh"]'];
    const { code, stderr } = await podman(["import", "--quiet", ...change, archive, demoImage]);
    if (code !== 0) throw new Error(`Cannot make ${demoImage}: ${stderr.trim()}`);
  } finally {
    await Deno.remove(archive);
  }
  return `Image ${demoImage} is made of ${busybox}`;
}

/** Takes the image away; fine if there is none. For storage that is not the agent's own. */
export async function removeDemoImage({ host, config }: Node): Promise<void> {
  await host.run("podman", [...storageArgs(config), "image", "rm", "--force", demoImage]);
}

function storageArgs(config: Node["config"]): string[] {
  if (!config.ownStorage) return [];
  const runDir = runDirOf(config);
  return [
    "--root",
    `${config.dataDir}/containers`,
    "--runroot",
    `${runDir}/storage`,
    "--tmpdir",
    `${runDir}/libpod`,
  ];
}

async function findBusybox(files: FileSystem): Promise<string> {
  for (const path of busyboxes) {
    const program = await files.realPath(path);
    if (program !== undefined && await isStatic(program)) return program;
  }
  throw new Error(
    "Cannot make the demo's image: there is no static busybox (install busybox-static)",
  );
}

/** A program that asks for no loader: its ELF header (elf(5)) lists no segment of type PT_INTERP. */
async function isStatic(path: string): Promise<boolean> {
  const bytes = await Deno.readFile(path);
  const view = new DataView(bytes.buffer);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46) return false;
  const is64 = bytes[4] === 2;
  const little = bytes[5] === 1;
  const at = is64 ? Number(view.getBigUint64(32, little)) : view.getUint32(28, little);
  const size = view.getUint16(is64 ? 54 : 42, little);
  const count = view.getUint16(is64 ? 56 : 44, little);
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at + index * size, little) === 3) return false;
  }
  return true;
}

/** The image's files as a tar archive; the caller removes it. */
async function packImage(busybox: string): Promise<string> {
  const tree = await Deno.makeTempDir({ prefix: "coracle-image-" });
  const archive = `${tree}.tar`;
  try {
    for (const directory of ["bin", "etc", "tmp", "www"]) await Deno.mkdir(`${tree}/${directory}`);
    await Deno.chmod(tree, 0o755);
    await Deno.chmod(`${tree}/tmp`, 0o1777);
    await Deno.copyFile(busybox, `${tree}/bin/busybox`);
    await Deno.chmod(`${tree}/bin/busybox`, 0o755);
    for (const name of applets) await Deno.symlink("busybox", `${tree}/bin/${name}`);
    await Deno.writeTextFile(`${tree}/etc/passwd`, "root:x:0:0:root:/:/bin/sh\n");
    const tar = new Deno.Command("tar", { args: ["-C", tree, "-cf", archive, "."] });
    const { success, stderr } = await tar.output();
    if (!success) throw new Error(`Cannot pack the image: ${new TextDecoder().decode(stderr)}`);
    return archive;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}
