/** Everything that may steer a terminal: C0 without tab and newline, DEL, and C1, whose U+009B alone begins an escape sequence. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Writes control characters out, so that text from elsewhere cannot move the cursor, retitle the window or hide what came before.
 *
 * Tab and newline stay; escape becomes the four characters `\x1b`. Each character is treated by itself, so that a text may come in pieces.
 */
export function visibleText(text: string): string {
  return text.replace(CONTROLS, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
