/** What the command line says to every bench. */
export interface BenchOptions {
  /** A folder with the reference's programs. */
  readonly reference: string | undefined;
  /** Folders for data are made in it. */
  readonly directory: string;
  readonly rounds: number;
  readonly objects: number;
  readonly nodes: number;
  readonly minutes: number;
  readonly hours: number;
  readonly port: number;
  /** How the run was asked for, without paths of this machine. */
  readonly command: string;
}
