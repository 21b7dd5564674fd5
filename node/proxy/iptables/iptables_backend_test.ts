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
        (await host.output(`${program}-save`, [])).replace(/^#.*\n|\[\d+:\d+\]/gm, ""),
      async foreignRule(host) {
        await host.output(program, ["-t", "nat", "-A", "OUTPUT", "-j", "ACCEPT"]);
        await host.output(program, ["-A", "FORWARD", "-j", "ACCEPT"]);
      },
    },
  );
}
