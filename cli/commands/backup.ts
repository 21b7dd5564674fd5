import { restoreBackup } from "../../control/backup/restore.ts";
import { type BackupSummary, verifyBackup } from "../../control/backup/verify.ts";
import { systemRandom } from "../../shared/clock/random.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import { UsageError } from "../../shared/config/arguments.ts";
import { readPassphrase, refuseExisting, withBackupFile } from "../backup/backup_files.ts";
import { downloadBackup } from "../backup/download.ts";
import { connect } from "../cluster/api.ts";
import type { Command, Context } from "../command.ts";
import { dataDirFlag, dataDirOf } from "../inputs.ts";
import { absolute, layoutOf } from "../layout.ts";

const flags = {
  kubeconfig: {
    flag: "--kubeconfig",
    value: "FILE",
    help: "create: administrator's kubeconfig (default: DIR/admin.kubeconfig)",
  },
  passphraseFile: {
    flag: "--passphrase-file",
    value: "FILE",
    help: "file whose first line the backup is encrypted with",
  },
  serverOnly: {
    flag: "--server-only",
    help: "restore: DIR is to be that of coracle server, not of coracle up",
  },
} as const;

interface Work {
  readonly path: string;
  readonly passphrase: string | undefined;
  readonly flags: Readonly<Record<string, string>>;
}

const verbs: Readonly<Record<string, (work: Work, context: Context) => Promise<void>>> = {
  create,
  verify,
  restore,
};

/** `coracle backup`: the whole cluster in one file. */
export const backup: Command = {
  name: "backup",
  usage: "create FILE | verify FILE | restore FILE",
  summary: "keep the whole cluster in one file, check the file, begin anew from it",
  description:
    "create has the running server write its state (all objects as of one revision, without their history), the keys and " +
    "certificates of the cluster and its settings into one file. verify reads such a file to its end and says what it " +
    "holds. restore makes a data directory of it, on this machine or another, under any name and address: certificates, " +
    "kubeconfigs and tokens that were given out stay valid, the server makes a certificate for its new address when it " +
    "starts, and its revisions go on above all that were ever given. What was written after the backup is gone. " +
    "Without a passphrase the file holds keys and Secrets for everybody who can read it.",
  flags: [dataDirFlag, ...Object.values(flags)],
  words: Object.keys(verbs),
  maxWords: 2,
  async run({ flags: given, positionals: [verb, file] }, context) {
    const work = verbs[verb ?? ""];
    if (!work) {
      throw new UsageError(
        `${verb ? `unknown word "${verb}"` : "a word is needed"}: create, verify or restore`,
      );
    }
    if (file === undefined) throw new UsageError(`a file is needed: ${verb} FILE`);
    const path = absolute(file, Deno.cwd());
    const passphrase = await readPassphrase(given[flags.passphraseFile.flag]);
    await work({ path, passphrase, flags: given }, context);
    return 0;
  },
};

async function create({ path, passphrase, flags: given }: Work, { print }: Context): Promise<void> {
  await refuseExisting(path);
  const api = connect(given[flags.kubeconfig.flag] ?? layoutOf(dataDirOf(given)).kubeconfig);
  try {
    const { manifest, size } = await downloadBackup(api.transport, path, { passphrase });
    print(
      `Wrote ${path}: ${manifest.objects} objects at revision ${manifest.revision}, ${size} bytes`,
    );
    if (passphrase === undefined) {
      print("It is not encrypted: whoever reads it has the keys of the cluster and every Secret");
    }
  } finally {
    api.transport.close();
  }
}

async function verify({ path, passphrase }: Work, { print }: Context): Promise<void> {
  const summary = await withBackupFile(path, (file) => verifyBackup(file, { passphrase }));
  for (const line of summaryLines(summary)) print(line);
}

/** What `verify` says. */
export function summaryLines(summary: BackupSummary): string[] {
  const { manifest, created, encrypted, kinds, size, authority, files } = summary;
  return [
    "The backup is whole",
    `made       ${timestamp(created)} by Coracle ${manifest.coracle}`,
    `encrypted  ${encrypted ? "yes" : "no"}`,
    `revision   ${manifest.revision}`,
    `objects    ${manifest.objects}, ${size} bytes`,
    ...kinds.map(([kind, count]) => `           ${String(count).padStart(7)} ${kind}`),
    `authority  ${authority}`,
    `files      ${files.join(", ")}`,
    ...Object.entries(manifest.settings).map(([key, value], index) =>
      `${index === 0 ? "settings" : ""}`.padEnd(11) + `${key}: ${value}`
    ),
  ];
}

async function restore({ path, passphrase, flags: given }: Work, context: Context): Promise<void> {
  const dataDir = dataDirOf(given);
  const alone = given[flags.serverOnly.flag] === "true";
  const directory = alone ? dataDir : layoutOf(dataDir).serverDir;
  const restored = await withBackupFile(
    path,
    (file) =>
      restoreBackup(file, { directory, passphrase, clock: context.clock, random: systemRandom }),
  );
  const { manifest, created, revision, settingsFile } = restored;
  const { print } = context;
  print(`Restored ${manifest.objects} objects of ${timestamp(created)} into ${directory}`);
  print(
    `Revisions go on above ${revision}: those up to there, also any given after the backup, are answered with 410 Gone`,
  );
  print("The server of which the backup is must not run any more. Start this one with:");
  print(`  coracle ${alone ? "server" : "up"} --data-dir ${dataDir} --config ${settingsFile}`);
}
