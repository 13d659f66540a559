// Published vectors of HMAC (RFC 2202, RFC 4231), AES-CBC and AES-CTR (NIST SP 800-38A), AES-GCM (McGrew and Viega, as in NIST's
// validation), AES-KW (RFC 3394), HKDF (RFC 5869) and PBKDF2 (RFC 6070, RFC 7914).
import { assert, assertEquals, assertRejects, test } from "../harness.js";
import { counting, hex, repeated, subtle, unhex, utf8 } from "./tools.js";

const hmacVectors = [
  ["MD5", utf8("Jefe"), utf8("what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738"],
  ["SHA-1", repeated(0x0b, 20), utf8("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00"],
  ["SHA-1", utf8("Jefe"), utf8("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  ["SHA-256", repeated(0x0b, 20), utf8("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  [
    "SHA-384",
    repeated(0x0b, 20),
    utf8("Hi There"),
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
  ],
  [
    "SHA-512",
    repeated(0x0b, 20),
    utf8("Hi There"),
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
  ],
  [
    "SHA-256",
    repeated(0xaa, 20),
    repeated(0xdd, 50),
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  ],
  [
    "SHA-256",
    repeated(0xaa, 131),
    utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
];

test("HMAC vectors", async () => {
  for (const [hash, octets, data, expected] of hmacVectors) {
    const key = await subtle.importKey("raw", octets, { name: "HMAC", hash }, false, ["sign", "verify"]);
    assertEquals(hex(await subtle.sign("HMAC", key, data)), expected, hash);
    assertEquals(await subtle.verify("HMAC", key, unhex(expected), data), true, hash);
    const wrong = unhex(expected);
    wrong[3] ^= 1;
    assertEquals(await subtle.verify("HMAC", key, wrong, data), false, hash);
  }
});

const aesKeys = {
  128: unhex("2b7e151628aed2a6abf7158809cf4f3c"),
  192: unhex("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"),
  256: unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
};
const plaintext = unhex(
  "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
);

test("AES-CBC vectors", async () => {
  const ciphertexts = {
    128: "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
    192: "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
    256: "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
  };
  const algorithm = { name: "AES-CBC", iv: counting(0, 16) };
  for (const [bits, expected] of Object.entries(ciphertexts)) {
    const key = await subtle.importKey("raw", aesKeys[bits], "AES-CBC", false, ["encrypt", "decrypt"]);
    const encrypted = await subtle.encrypt(algorithm, key, plaintext);
    // A whole block of padding follows the vector's four blocks.
    assertEquals([encrypted.byteLength, hex(encrypted.slice(0, 64))], [80, expected], bits);
    assertEquals(hex(await subtle.decrypt(algorithm, key, encrypted)), hex(plaintext), bits);
  }
});

test("AES-CTR vectors", async () => {
  const ciphertexts = {
    128: "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee",
    192: "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050",
    256: "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
  };
  for (const length of [16, 64, 128]) {
    const algorithm = { name: "AES-CTR", counter: counting(0xf0, 16), length };
    for (const [bits, expected] of Object.entries(ciphertexts)) {
      const key = await subtle.importKey("raw", aesKeys[bits], "AES-CTR", false, ["encrypt", "decrypt"]);
      assertEquals(hex(await subtle.encrypt(algorithm, key, plaintext)), expected, `${bits} ${length}`);
      assertEquals(hex(await subtle.decrypt(algorithm, key, unhex(expected))), hex(plaintext));
      assertEquals(hex(await subtle.encrypt(algorithm, key, plaintext.subarray(0, 21))), expected.slice(0, 42));
    }
  }
});

test("AES-CTR counts in its own bits only, and wraps", async () => {
  const key = await subtle.importKey("raw", aesKeys[128], "AES-CTR", false, ["encrypt"]);
  const block = async (counter) =>
    hex(await subtle.encrypt({ name: "AES-CTR", counter: unhex(counter), length: 128 }, key, repeated(0, 16)));
  // Each: the counter, its length, and the counters of the blocks.
  for (const [counter, length, blocks] of [
    ["000000000000000000000000000000ff", 8, ["000000000000000000000000000000ff", "00000000000000000000000000000000"]],
    ["0000000000000000000000000000ffff", 8, ["0000000000000000000000000000ffff", "0000000000000000000000000000ff00"]],
    ["aa0000000000000000000000000000fe", 1, ["aa0000000000000000000000000000fe", "aa0000000000000000000000000000ff"]],
    ["aa0000000000000000000000000000ff", 1, ["aa0000000000000000000000000000ff", "aa0000000000000000000000000000fe"]],
    ["0000000000000001ffffffffffffffff", 64, ["0000000000000001ffffffffffffffff", "00000000000000010000000000000000"]],
    ["0000000000000001ffffffffffffffff", 65, ["0000000000000001ffffffffffffffff", "00000000000000000000000000000000"]],
    ["0000000000000001ffffffffffffffff", 66, ["0000000000000001ffffffffffffffff", "00000000000000020000000000000000"]],
    ["ffffffffffffffffffffffffffffffff", 128, ["ffffffffffffffffffffffffffffffff", "00000000000000000000000000000000"]],
  ]) {
    const algorithm = { name: "AES-CTR", counter: unhex(counter), length };
    const expected = (await Promise.all(blocks.map(block))).join("");
    assertEquals(hex(await subtle.encrypt(algorithm, key, repeated(0, 32))), expected, `${counter} ${length}`);
  }
  const algorithm = { name: "AES-CTR", counter: repeated(0, 16), length: 1 };
  await assertRejects(subtle.encrypt(algorithm, key, repeated(0, 33)), "OperationError", "repeat");
});

const gcmKey = "feffe9928665731c6d6a8f9467308308";
const gcmText =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
const gcmData = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
// Key, IV, plaintext, additional data, ciphertext, tag.
const gcmVectors = [
  ["00".repeat(16), "00".repeat(12), "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"],
  [
    "00".repeat(16),
    "00".repeat(12),
    "00".repeat(16),
    "",
    "0388dace60b6a392f328c2b971b2fe78",
    "ab6e47d42cec13bdf53a67b21257bddf",
  ],
  [
    gcmKey,
    "cafebabefacedbaddecaf888",
    gcmText,
    "",
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
    "4d5c2af327cd64a62cf35abd2ba6fab4",
  ],
  [
    gcmKey,
    "cafebabefacedbaddecaf888",
    gcmText.slice(0, -8),
    gcmData,
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
    "5bc94fbc3221a5db94fae95ae7121a47",
  ],
  [
    gcmKey,
    "cafebabefacedbad",
    gcmText.slice(0, -8),
    gcmData,
    "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
    "3612d2e79e3b0785561be14aaca2fccb",
  ],
  ["00".repeat(24), "00".repeat(12), "", "", "", "cd33b28ac773f74ba00ed1f312572435"],
  [
    "00".repeat(24),
    "00".repeat(12),
    "00".repeat(16),
    "",
    "98e7247c07f0fe411c267e4384b0f600",
    "2ff58d80033927ab8ef4d4587514f0fb",
  ],
  ["00".repeat(32), "00".repeat(12), "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
  [
    "00".repeat(32),
    "00".repeat(12),
    "00".repeat(16),
    "",
    "cea7403d4d606b6e074ec5d3baf39d18",
    "d0d1c8a799996bf0265b98b5d48ab919",
  ],
  [
    gcmKey + gcmKey,
    "cafebabefacedbaddecaf888",
    gcmText.slice(0, -8),
    gcmData,
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
    "76fc6ece0f4e1768cddf8853bb2d551b",
  ],
];

test("AES-GCM vectors", async () => {
  for (const [keyDigits, iv, text, data, ciphertext, tag] of gcmVectors) {
    const key = await subtle.importKey("raw", unhex(keyDigits), "AES-GCM", false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-GCM", iv: unhex(iv), additionalData: unhex(data) };
    assertEquals(hex(await subtle.encrypt(algorithm, key, unhex(text))), ciphertext + tag);
    assertEquals(hex(await subtle.decrypt(algorithm, key, unhex(ciphertext + tag))), text);
    for (const tagLength of [32, 64, 96, 104, 112, 120, 128]) {
      const short = ciphertext + tag.slice(0, tagLength / 4);
      assertEquals(hex(await subtle.encrypt({ ...algorithm, tagLength }, key, unhex(text))), short);
      assertEquals(hex(await subtle.decrypt({ ...algorithm, tagLength }, key, unhex(short))), text);
    }
    const wrong = unhex(ciphertext + tag);
    wrong[wrong.length - 1] ^= 0x80;
    await assertRejects(subtle.decrypt(algorithm, key, wrong), "OperationError");
    const other = { ...algorithm, additionalData: unhex(data + "00") };
    await assertRejects(subtle.decrypt(other, key, unhex(ciphertext + tag)), "OperationError");
  }
});

test("AES-KW vectors", async () => {
  const data = "00112233445566778899aabbccddeeff";
  for (const [bytes, keyData, expected] of [
    [16, data, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"],
    [24, data, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"],
    [32, data, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"],
    [32, data + "0001020304050607", "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"],
    [
      32,
      data + "000102030405060708090a0b0c0d0e0f",
      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
    ],
  ]) {
    const key = await subtle.importKey("raw", counting(0, bytes), "AES-KW", false, ["wrapKey", "unwrapKey"]);
    const secret = await subtle.importKey("raw", unhex(keyData), "AES-GCM", true, ["encrypt"]);
    assertEquals(hex(await subtle.wrapKey("raw", secret, key, "AES-KW")), expected);
    const again = await subtle.unwrapKey("raw", unhex(expected), key, "AES-KW", "AES-GCM", true, ["encrypt"]);
    assertEquals(hex(await subtle.exportKey("raw", again)), keyData);
    const wrong = unhex(expected);
    wrong[0] ^= 1;
    await assertRejects(subtle.unwrapKey("raw", wrong, key, "AES-KW", "AES-GCM", true, ["encrypt"]), "OperationError");
  }
});

test("HKDF vectors", async () => {
  for (const [hash, key, salt, info, expected] of [
    [
      "SHA-256",
      repeated(0x0b, 22),
      counting(0, 13),
      counting(0xf0, 10),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ],
    [
      "SHA-256",
      counting(0, 80),
      counting(0x60, 80),
      counting(0xb0, 80),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ],
    [
      "SHA-256",
      repeated(0x0b, 22),
      new Uint8Array(0),
      new Uint8Array(0),
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ],
    [
      "SHA-1",
      repeated(0x0b, 11),
      counting(0, 13),
      counting(0xf0, 10),
      "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896",
    ],
  ]) {
    const base = await subtle.importKey("raw", key, "HKDF", false, ["deriveBits", "deriveKey"]);
    const algorithm = { name: "HKDF", hash, salt, info };
    const bits = (expected.length / 2) * 8;
    assertEquals(hex(await subtle.deriveBits(algorithm, base, bits)), expected);
    assertEquals(hex(await subtle.deriveBits(algorithm, base, 64)), expected.slice(0, 16));
    const derived = await subtle.deriveKey(algorithm, base, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
    assertEquals(hex(await subtle.exportKey("raw", derived)), expected.slice(0, 64));
  }
});

test("PBKDF2 vectors", async () => {
  for (const [hash, password, salt, iterations, expected] of [
    ["SHA-1", "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"],
    ["SHA-1", "password", "salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"],
    ["SHA-1", "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"],
    [
      "SHA-1",
      "passwordPASSWORDpassword",
      "saltSALTsaltSALTsaltSALTsaltSALTsalt",
      4096,
      "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038",
    ],
    ["SHA-1", "pass\0word", "sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"],
    [
      "SHA-256",
      "passwd",
      "salt",
      1,
      "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc" +
        "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783",
    ],
    [
      "SHA-256",
      "Password",
      "NaCl",
      80000,
      "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56" +
        "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d",
    ],
  ]) {
    const base = await subtle.importKey("raw", utf8(password), "PBKDF2", false, ["deriveBits", "deriveKey"]);
    const algorithm = { name: "PBKDF2", hash, salt: utf8(salt), iterations };
    assertEquals(hex(await subtle.deriveBits(algorithm, base, expected.length * 4)), expected);
    const derived = await subtle.deriveKey(algorithm, base, { name: "AES-CBC", length: 128 }, true, ["encrypt"]);
    assertEquals(hex(await subtle.exportKey("raw", derived)), expected.slice(0, 32));
  }
});

test("large inputs equal what small ones say", async () => {
  const data = new Uint8Array(300_000).map((_, index) => index * 31);
  const iv = counting(0, 16);
  for (const algorithm of [
    { name: "AES-GCM", iv, additionalData: utf8("data") },
    { name: "AES-CBC", iv },
    { name: "AES-CTR", counter: iv, length: 32 },
  ]) {
    const key = await subtle.importKey("raw", aesKeys[256], algorithm.name, false, ["encrypt", "decrypt"]);
    const encrypting = subtle.encrypt(algorithm, key, data);
    const first = data[0];
    data[0] ^= 0xff; // too late: the octets were taken at the call
    const encrypted = await encrypting;
    data[0] = first;
    const decrypted = new Uint8Array(await subtle.decrypt(algorithm, key, encrypted));
    assert(decrypted.length === data.length && decrypted.every((octet, index) => octet === data[index]));
    if (algorithm.name === "AES-GCM") {
      const wrong = new Uint8Array(encrypted);
      wrong[wrong.length - 1] ^= 1;
      await assertRejects(subtle.decrypt(algorithm, key, wrong), "OperationError", "Decryption failed");
    }
  }
  const key = await subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const signature = await subtle.sign("HMAC", key, data);
  assertEquals(await subtle.verify("HMAC", key, signature, data), true);
  assertEquals(await subtle.verify("HMAC", key, signature, data.subarray(1)), false);
});
