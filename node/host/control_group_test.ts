import assert from "node:assert/strict";
import { FakeClock } from "../../shared/clock/fake_clock.ts";
import { removeControlGroup } from "./control_group.ts";
import { FakeFileSystem } from "./fake_file_system.ts";

/** As the kernel has it: the files of a group do not keep it from being removed, processes do. */
class ControlGroups extends FakeFileSystem {
  readonly processes = new Map<string, string>();

  override async removeDirectory(path: string): Promise<boolean> {
    if (!path.startsWith("/sys/fs/cgroup")) return await super.removeDirectory(path);
    if (this.processes.has(path)) return false;
    await this.remove(path);
    return true;
  }
}

Deno.test("removeControlGroup() ends helpers that linger in the group, and leaves other groups", async () => {
  const files = new ControlGroups();
  for (const hierarchy of ["", "/pids", "/memory"]) {
    files.put(`/sys/fs/cgroup${hierarchy}/kubepods/poda/cgroup.procs`, "");
    files.put(`/sys/fs/cgroup${hierarchy}/kubepods/poda/conmon/cgroup.procs`, "41\n42\n");
    files.put(`/sys/fs/cgroup${hierarchy}/kubepods/podb/cgroup.procs`, "43\n");
    files.processes.set(`/sys/fs/cgroup${hierarchy}/kubepods/poda/conmon`, "41");
  }
  files.put("/proc/41/comm", "conmon\n");
  files.put("/proc/42/comm", "podman\n");
  const killed = new Set<number>();
  const kill = (pid: number) => {
    killed.add(pid);
    files.processes.clear();
  };
  await removeControlGroup({ files, clock: new FakeClock(), kill }, "/kubepods/poda");
  assert.deepEqual([...killed], [41]);
  assert.equal(await files.stat("/sys/fs/cgroup/pids/kubepods/poda"), undefined);
  assert.deepEqual(await files.list("/sys/fs/cgroup/memory/kubepods"), ["podb"]);
});
