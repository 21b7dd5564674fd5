import { proxyBackendContract } from "../contract_suite.ts";
import { NftablesBackend } from "./nftables_backend.ts";

proxyBackendContract("NftablesBackend", (settings) => new NftablesBackend(settings), {
  needs: ["nft"],
  // Elements of maps are listed in no fixed order; chains that nobody needs are empty until the next change.
  rules: async (host) =>
    (await host.output("nft", ["-s", "list", "ruleset"]))
      .replace(/\tset \S+ \{[^}]*\}\n|\tchain KUBE-\S+ \{\s*\}\n/g, "")
      .split(/\n|,|elements = \{|\}/).map((line) => line.trim()).filter((line) => line !== "")
      .sort().join("\n"),
  foreignRule: (host) =>
    host.output("nft", ["-f", "-"], {
      stdin: "table ip other { chain c { type filter hook forward priority 0; accept; }; }",
    }),
});
