import type { Setting } from "../../../shared/config/settings.ts";

/** Settings of encryption at rest. */
export interface EncryptionConfig {
  readonly encryptionProviderConfig: string;
}

export const encryptionSettings: readonly Setting<keyof EncryptionConfig>[] = [
  {
    key: "encryptionProviderConfig",
    flag: "--encryption-provider-config",
    value: "FILE",
    default: "",
    path: true,
    help: "which resources are stored encrypted, and with which keys (EncryptionConfiguration)",
  },
];
