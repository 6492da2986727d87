import { verify, type StreamVerification, type VerifyOptions } from "../../src/sync/verify/index.ts";
import type { MirrorProcess } from "./mirror.ts";

/** What a comparison found, without what every one of them has. */
export function findingsOf(result: StreamVerification) {
  const { stream, different, missing, extra, inFlight, held, setAside } = result;
  return { stream, different, missing, extra, inFlight, held, setAside };
}

/** The findings of a stream that is equal. */
export function noFindings(stream: string): ReturnType<typeof findingsOf> {
  return { stream, different: 0, missing: 0, extra: 0, inFlight: 0, held: 0, setAside: {} };
}

/** Compares one stream. */
export async function verifyOne(
  { deps }: Pick<MirrorProcess, "deps">,
  stream: string,
  options: VerifyOptions = {},
): Promise<StreamVerification> {
  const [result] = await verify(deps, { ...options, streams: [stream] });
  if (result === undefined) throw new Error("a comparison of one stream came to nothing");
  return result;
}
