import { createHmac, timingSafeEqual } from "node:crypto";

/** Both carry the same (docs.attio.com, "Webhooks"). */
const SIGNATURE_HEADERS = ["attio-signature", "x-attio-signature"] as const;

/** SHA-256 in hexadecimal; Attio writes it in lower case. */
const SIGNATURE = /^[0-9a-f]{64}$/i;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The signatures that a request carries, decoded; none if it is not signed. */
export function readSignatures(headers: Headers): Buffer[] {
  const texts = SIGNATURE_HEADERS.map((name) => headers[name]).filter(
    (text) => typeof text === "string" && SIGNATURE.test(text),
  );
  return [...new Set(texts)].map((text) => Buffer.from(String(text), "hex"));
}

/**
 * Whether one of the signatures is the HMAC-SHA256 of the body under the secret (docs.attio.com, "Webhooks": the key is the
 * secret's text). Takes the same time wherever the bytes differ.
 *
 * @param body the bytes as they came; JSON written anew would differ
 */
export function isSignedWith(secret: string, body: Uint8Array, signatures: readonly Buffer[]): boolean {
  const expected = createHmac("sha256", secret).update(body).digest();
  return signatures.some((signature) => timingSafeEqual(signature, expected));
}
