/** Why a command's signal was aborted: somebody pressed Ctrl-C, or asked the process to end. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
    this.name = "Interrupted";
  }
}
