// node:crypto (Node.js docs, Crypto) over OpenSSL: what Workers have of it. The parts are in internal/crypto_*.ts.

import { crypto } from "adit:internal";
import * as constantsOf from "unenv/node/internal/crypto/constants";
import {
  getCiphers,
  getCipherInfo,
  Cipheriv,
  createCipheriv,
  createDecipheriv,
  Decipheriv,
} from "./internal/crypto_cipher";
import {
  createDiffieHellman,
  createDiffieHellmanGroup,
  createECDH,
  DiffieHellman,
  DiffieHellmanGroup,
  ECDH,
  getCurves,
  getDiffieHellman,
} from "./internal/crypto_dh";
import { createHash, createHmac, Hash, hash, Hmac } from "./internal/crypto_hash";
import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  PrivateKeyObject,
  PublicKeyObject,
  SecretKeyObject,
} from "./internal/crypto_key";
import {
  checkPrime,
  checkPrimeSync,
  generatePrime,
  generatePrimeSync,
  hkdf,
  hkdfSync,
  pbkdf2,
  pbkdf2Sync,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  scrypt,
  scryptSync,
} from "./internal/crypto_random";
import {
  createSign,
  createVerify,
  diffieHellman,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  privateDecrypt,
  privateEncrypt,
  publicDecrypt,
  publicEncrypt,
  Sign,
  sign,
  timingSafeEqual,
  Verify,
  verify,
} from "./internal/crypto_sign";
import { Certificate, X509Certificate } from "./internal/crypto_x509";
import { nodeError } from "./internal/errors";

type Any = any;
const refuse = (name: string): Any =>
  Object.defineProperty(
    function (): never {
      throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The crypto.${name} method is not implemented`);
    },
    "name",
    { value: name },
  );

export const constants = Object.freeze(
  Object.fromEntries(Object.entries(constantsOf).filter(([, value]) => typeof value !== "function")),
);
const hashNames =
  "RSA-MD5 RSA-RIPEMD160 RSA-SHA1 RSA-SHA224 RSA-SHA256 RSA-SHA3-224 RSA-SHA3-256 RSA-SHA3-384 RSA-SHA3-512 RSA-SHA384 RSA-SHA512 RSA-SHA512/224 " +
  "RSA-SHA512/256 blake2b512 blake2s256 md5 md5-sha1 ripemd160 sha1 sha224 sha256 sha3-224 sha3-256 sha3-384 sha3-512 sha384 sha512 sha512-224 " +
  "sha512-256 shake128 shake256";
export function getHashes(): string[] {
  return hashNames.split(" ");
}
export const webcrypto = crypto;
export const { subtle } = crypto as { subtle: Any };
export function getRandomValues<T extends ArrayBufferView>(view: T): T {
  return (crypto as Any).getRandomValues(view);
}
export const pseudoRandomBytes = randomBytes;
export const fips = 0;
export const getFips = (): number => 0;
export function setFips(value: unknown): void {
  if (value) throw nodeError(Error, "ERR_CRYPTO_FIPS_FORCED", "FIPS mode is not there");
}
export const setEngine = refuse("setEngine");
export const secureHeapUsed = (): undefined => undefined;
export const createCipher = refuse("createCipher");
export const createDecipher = refuse("createDecipher");
export const Cipher = refuse("Cipher");
export const Decipher = refuse("Decipher");
const CryptoKeyClass: Any = (globalThis as Any).CryptoKey;
export {
  Certificate,
  checkPrime,
  checkPrimeSync,
  Cipheriv,
  createCipheriv,
  createDecipheriv,
  createDiffieHellman,
  createDiffieHellmanGroup,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  CryptoKeyClass as CryptoKey,
  Decipheriv,
  DiffieHellman,
  diffieHellman,
  DiffieHellmanGroup,
  ECDH,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  generatePrime,
  generatePrimeSync,
  getCipherInfo,
  getCiphers,
  getCurves,
  getDiffieHellman,
  Hash,
  hash,
  hkdf,
  hkdfSync,
  Hmac,
  KeyObject,
  pbkdf2,
  pbkdf2Sync,
  privateDecrypt,
  privateEncrypt,
  PrivateKeyObject,
  publicDecrypt,
  publicEncrypt,
  PublicKeyObject,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  scrypt,
  scryptSync,
  SecretKeyObject,
  Sign,
  sign,
  timingSafeEqual,
  Verify,
  verify,
  X509Certificate,
};
export default {
  Certificate,
  Cipher,
  Cipheriv,
  CryptoKey: CryptoKeyClass,
  Decipher,
  Decipheriv,
  DiffieHellman,
  DiffieHellmanGroup,
  ECDH,
  Hash,
  Hmac,
  KeyObject,
  PrivateKeyObject,
  PublicKeyObject,
  SecretKeyObject,
  Sign,
  Verify,
  X509Certificate,
  checkPrime,
  checkPrimeSync,
  constants,
  createCipher,
  createCipheriv,
  createDecipher,
  createDecipheriv,
  createDiffieHellman,
  createDiffieHellmanGroup,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  diffieHellman,
  fips,
  generateKey,
  generateKeyPair,
  generateKeyPairSync,
  generateKeySync,
  generatePrime,
  generatePrimeSync,
  getCipherInfo,
  getCiphers,
  getCurves,
  getDiffieHellman,
  getFips,
  getHashes,
  getRandomValues,
  hash,
  hkdf,
  hkdfSync,
  pbkdf2,
  pbkdf2Sync,
  privateDecrypt,
  privateEncrypt,
  pseudoRandomBytes,
  publicDecrypt,
  publicEncrypt,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID,
  scrypt,
  scryptSync,
  secureHeapUsed,
  setEngine,
  setFips,
  sign,
  subtle,
  timingSafeEqual,
  verify,
  webcrypto,
};
