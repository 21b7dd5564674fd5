import {
  createAuthority,
  issueLeaf,
  type LeafRequest,
} from "../../control/certificates/authority.ts";
import { kubeconfig } from "../../control/certificates/kubeconfig.ts";
import { systemClock } from "../../shared/clock/clock.ts";
import {
  type Identity,
  LoggedProcess,
  readyAfter,
  type ServerOptions,
  type StartServer,
} from "./server.ts";

const DAY_MS = 24 * 3600_000;

/**
 * Starts kube-apiserver and etcd of a directory of programs as a usual cluster has them: etcd waits for the disk, who may
 * do what is decided by Node and RBAC. etcd's ports are the two after the server's.
 */
export function referenceServer(programs: string): StartServer {
  return async (options) => {
    const { directory, port, scheduler } = options;
    await Deno.mkdir(directory, { recursive: true });
    const admin = await writeCredentials(options);
    const begun = systemClock.monotonic();
    const start = (name: string, args: readonly string[]) =>
      new LoggedProcess([`${programs}/${name}`, ...args], { name, directory });
    const processes = [
      start("etcd", etcdArguments(options)),
      start("kube-apiserver", apiServerArguments(options)),
    ];
    const stop = async () => {
      // The API server is told before its store is gone.
      for (const process of processes.toReversed()) await process.stop();
    };
    try {
      const readySeconds = await readyAfter(begun, { port, processes });
      const pids = processes.map(({ pid }) => pid);
      if (scheduler) processes.push(start("kube-scheduler", schedulerArguments(options)));
      return { url: `https://127.0.0.1:${port}`, admin, pids, readySeconds, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  };
}

function etcdArguments({ directory, port }: ServerOptions): string[] {
  const client = `http://127.0.0.1:${port + 1}`;
  return [
    `--data-dir=${directory}/etcd`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=http://127.0.0.1:${port + 2}`,
    "--log-level=warn",
  ];
}

function apiServerArguments({ directory, port }: ServerOptions): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${port + 1}`,
    `--secure-port=${port}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--tls-cert-file=${directory}/server.crt`,
    `--tls-private-key-file=${directory}/server.key`,
    `--client-ca-file=${directory}/ca.crt`,
    `--service-account-key-file=${directory}/tokens.crt`,
    `--service-account-signing-key-file=${directory}/tokens.key`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--allow-privileged=true",
    // It must not take a network's address of this machine as its own: there is no route to it here.
    "--endpoint-reconciler-type=none",
  ];
}

function schedulerArguments({ directory }: ServerOptions): string[] {
  return [`--config=${directory}/scheduler.json`, "--secure-port=0"];
}

/** Certificates, the key that signs tokens, and what kube-scheduler reads. */
async function writeCredentials({ directory, port }: ServerOptions): Promise<Identity> {
  const now = systemClock.now();
  const authority = await createAuthority("bench-ca", { now });
  const issue = (request: Pick<LeafRequest, "commonName"> & Partial<LeafRequest>) =>
    issueLeaf(authority, { usages: ["client auth"], lifetimeMs: DAY_MS, now, ...request });
  const server = await issue({
    commonName: "kube-apiserver",
    dnsNames: ["localhost", "kubernetes.default.svc"],
    addresses: ["127.0.0.1", "10.96.0.1"],
    usages: ["server auth"],
  });
  const admin = await issue({ commonName: "admin", organizations: ["system:masters"] });
  const scheduler = await issue({ commonName: "system:kube-scheduler" });
  const tokens = await issue({ commonName: "service account tokens" });
  const files: Record<string, string> = {
    "ca.crt": authority.certificate,
    "server.crt": server.certificate,
    "server.key": server.key,
    "tokens.crt": tokens.certificate,
    "tokens.key": tokens.key,
    "scheduler.kubeconfig": kubeconfig(scheduler, {
      server: `https://127.0.0.1:${port}`,
      authority: authority.certificate,
      user: "scheduler",
    }),
    "scheduler.json": JSON.stringify(schedulerConfiguration(directory)),
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${directory}/${name}`, text, { mode: 0o600 });
  }
  return { ca: authority.certificate, certificate: admin.certificate, key: admin.key };
}

/** Its own brake (50 requests a second) is let go, so that its speed is measured and not the brake's. */
function schedulerConfiguration(directory: string) {
  return {
    apiVersion: "kubescheduler.config.k8s.io/v1",
    kind: "KubeSchedulerConfiguration",
    leaderElection: { leaderElect: false },
    clientConnection: { kubeconfig: `${directory}/scheduler.kubeconfig`, qps: 5000, burst: 5000 },
  };
}
