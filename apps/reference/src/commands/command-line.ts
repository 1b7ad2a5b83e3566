/** How people start the command in a checkout. */
const COMMAND = "npm run -s haps --";

/** A command line that people can paste. */
export function commandLine(...words: readonly string[]): string {
  return [
    COMMAND,
    ...words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`)),
  ].join(" ");
}
