import { proxyBackendContract } from "../contract_suite.ts";
import { IptablesBackend } from "./iptables_backend.ts";

for (const variant of ["nft", "legacy"] as const) {
  proxyBackendContract(
    `IptablesBackend (${variant})`,
    (settings) => new IptablesBackend({ ...settings, variant }),
    {
      needs: [`iptables-${variant}-restore`],
      rules: async (host) =>
        (await host.output(`iptables-${variant}-save`, [])).replace(/^#.*\n/gm, ""),
    },
  );
}
