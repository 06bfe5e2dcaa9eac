// What verify.html needs of @noble/curves: is a signature of a message right under a key (BLS12-381, either group).
import { bls12_381 as bls } from "@noble/curves/bls12-381.js";
export function signed(message, signature, key, dst) {
  const scheme = signature.length === 48 ? bls.shortSignatures : bls.longSignatures;
  try {
    const point = scheme.Signature.fromBytes(signature);
    point.assertValidity();
    return scheme.verify(point, scheme.hash(message, dst), key);
  } catch { return false; }
}
