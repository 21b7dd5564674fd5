import { proxyBackendContract } from "../contract_suite.ts";
import { IptablesBackend } from "./iptables_backend.ts";

for (const variant of ["nft", "legacy"] as const) {
  const program = `iptables-${variant}`;
  proxyBackendContract(
    `IptablesBackend (${variant})`,
    (settings) => new IptablesBackend({ ...settings, variant }),
    {
      needs: [`${program}-restore`],
      // Comments carry the date; the packet counts of built-in chains change by themselves.
      rules: async (host) =>
        (await host.output(`${program}-save`, [])).replace(/^#.*\n|\[\d+:\d+\]/gm, "")
          // Chains stand in the order in which they were made; a stable sort keeps the rules of each in theirs.
          .split("\n").sort(byChain).join("\n"),
      async foreignRule(host) {
        await host.output(program, ["-t", "nat", "-A", "OUTPUT", "-j", "ACCEPT"]);
        await host.output(program, ["-A", "FORWARD", "-j", "ACCEPT"]);
      },
    },
  );
}

function byChain(a: string, b: string): number {
  const [x, y] = [a, b].map((line) => line.split(" ", 2)[line.startsWith("-A") ? 1 : 0]!);
  return x! < y! ? -1 : x! > y! ? 1 : 0;
}
