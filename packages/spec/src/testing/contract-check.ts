import { canonicalJson } from "../canonical-json.ts";
import { type ErrorCode, HapsError } from "../errors.ts";

/** Fails a conformance test with a sentence that says what was broken. */
export function ensure(condition: boolean, message: string, contract = "router"): asserts condition {
  if (!condition) throw new Error(`${contract} contract: ${message}`);
}

/** Whether two numbers agree within 1e-5: enough room for float32 sums in another order, too little for another opinion. */
export function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-5;
}

/** Whether two plain values are the same, whatever the order of their keys. */
export function same(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** What a promise rejected with; fails when it did not. */
export async function rejectionOf(
  run: () => Promise<unknown>,
  situation: string,
  contract = "router",
): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error(`${contract} contract: ${situation} was accepted; expected a rejection`);
}

/** Fails unless `run` rejects with a HapsError of one code. */
export async function ensureRejects(
  run: () => Promise<unknown>,
  code: ErrorCode,
  situation: string,
  contract = "router",
): Promise<void> {
  const error = await rejectionOf(run, situation, contract);
  const got = HapsError.isInstance(error) ? `code "${error.code}"` : String(error);
  ensure(
    HapsError.isInstance(error) && error.code === code,
    `${situation} rejected with ${got}; expected code "${code}"`,
    contract,
  );
}

/** Freezes a value and everything in it; the elements of typed arrays cannot be frozen. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deepFreeze(member);
  return value;
}
