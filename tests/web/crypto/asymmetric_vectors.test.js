// Published vectors of signatures and key agreement: RFC 7515 (RS256, ES256, ES512), RFC 8032 and RFC 8037 (Ed25519), RFC 6979 (ECDSA),
// RFC 7748 (X25519), RFC 5903 (ECDH). RSA-PSS and RSA-OAEP are random: theirs were made once with pyca/cryptography and the key of RFC 7515.
import { assert, assertEquals, assertRejects, test } from "../harness.js";
import { fromBase64url, hex, rfc7515RsaKey, rfc7515RsaPublicKey, subtle, text, unhex, utf8 } from "./tools.js";

const joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

async function verifyAll(algorithm, key, signature, data) {
  assertEquals(await subtle.verify(algorithm, key, signature, data), true);
  assertEquals(await subtle.verify(algorithm, key, signature, utf8("other")), false);
  for (const at of [0, signature.length >> 1, signature.length - 1]) {
    const wrong = signature.slice();
    wrong[at] ^= 1;
    assertEquals(await subtle.verify(algorithm, key, wrong, data), false, `octet ${at}`);
  }
}

test("RSASSA-PKCS1-v1_5 vectors", async () => {
  const rs256 = fromBase64url(
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4" +
      "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv" +
      "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
  );
  for (const [hash, data, signature] of [
    ["SHA-256", `eyJhbGciOiJSUzI1NiJ9.${joe}`, rs256],
    [
      "SHA-1",
      "hello",
      unhex(
        "934cf78bfb1a6ba3d08bc3d48d7c2a00aeced09f0b0787ea72627eb0a0efe6d1f865f5da368ad6be72c9029d56b7bc50f8aeed32311c111645bd25e92743ef8327509a6bcfdc8b28f3bb178238bb8824cac9dd7ca84e76eb1f0d37bdbf5bc9c1bd073aea59d8592d8c66e63c8bb19ead354bde407bbf33989b70f978530114293ee40ee233ed2b1cf32c20fb923e5466427bfae7e559a06f49a96662245d6db9c866d323fb9ca38c74a4373cf2e14f1a900704cd80bc58a907d86c39a72090db7fcd3a8dc4a63cf0ea5fb5f096ec152723dddcc30401eed4f97f3896d025f13473e8a22b513ab62decbb2a1826031ce720275158532fcf8f0e999e072ba763f7",
      ),
    ],
    [
      "SHA-384",
      "hello",
      unhex(
        "a1b128eea96e6ce0641dccce24b02edbf91cac867c630d102e63e95f9e8ef441c9be76bcce20f0496dff480e24aef85fd2edbdc457b81fdce8d4968ed6e73a42557d013736fe272950a6e6402695dd2e30a069a0541ad3a75e268b241a4a821a5264455354e19b8bc04d350f468e6cade31fc48807b890dc7ead05333fe6906ef5e58dd6b13b464f0f084370360669428a60bb6817c666ead307d26f36e6277f36f3c50dfff9cc28048b9389d4c2ea5f33162538a97a26a9f10db39c944f83c4b6b9d6a0cc396e9237b231ec0a1219c27e482d7df77f89e03722c348461230dd45572828c0202def0492f7c3d1de7b46e15b1b32757a25a52396597dd3687f6b",
      ),
    ],
    [
      "SHA-512",
      "hello",
      unhex(
        "7df3ac14f2c648ece7cefbd4eb6a0ab3994a592946ca41491a2415fbf6c9e865edba0d8eaf988dd41ae14bf121af6cc25d8c693601e140cb7684106672473b1c522f731f1fee01fdced35743a1c8aab7bca227324544165ff94b29dac43c4ed2448696ccc30d5c1788201ffb067beaf204dfe8100b4679b131ba3b53ea375bd480ed54cdb7ca419f92a35ef47e26d1c0ba87e2bf8dc0b5ebf13c69a91a8442453395ea1fc8a237513fce262b5a27d808ea7e2553c9097ed50daf1de7026fcdac582dd2d666c17729a73e8cdafa7ceb01903e8178c22369b0c6114a0735261e129e6dbab70b0d76654b59109bd6b422ccdf7f2fc3b2e57200becf033adb4da6fc",
      ),
    ],
  ]) {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
    const signer = await subtle.importKey("jwk", rfc7515RsaKey, algorithm, false, ["sign"]);
    assertEquals(hex(await subtle.sign("RSASSA-PKCS1-v1_5", signer, utf8(data))), hex(signature), hash);
    const verifier = await subtle.importKey("jwk", rfc7515RsaPublicKey, algorithm, false, ["verify"]);
    await verifyAll("RSASSA-PKCS1-v1_5", verifier, signature, utf8(data));
    assertEquals(await subtle.verify("RSASSA-PKCS1-v1_5", verifier, signature.slice(1), utf8(data)), false);
  }
});

test("RSA-PSS vectors", async () => {
  for (const [hash, saltLength, signature] of [
    [
      "SHA-256",
      32,
      "1d816df3ee8d87f20d0ae06b78aac899449a9fddb67928fe8885f995944f51d82cc2cd4bf3b99e34208f7a9efce5b3c30f9a5688d731b8433e63d885df8e0a50a9783c769ab3461b596732a76b84648f9aaa4d67d81a0090e22219f2eeadfa78fd8ca1daa5fe0f10bfa6354880f0cb8d9af574dd8c2155c17cd7ae2582067415cd65772ec2cc5457b3afa07f31177fc8a9a91dec82f304927675cbee67c90c9d2dc26735b42afc93b4738c170ec1682ef34012040a0d522457e6608f7bff52c8631c4609f498db66e4048fcaeeac09f72a4f8289ff46891f00fbb913049d465ffce65d069e413941662a1ba2e66654c098addba52b01594d8c045a181101922a",
    ],
    [
      "SHA-1",
      0,
      "430f618016dcd6c1aba843b7c239603148d5329250363ecb115b5a866edab119900ad868e87ae78bb45449c87ac564c01c0b0a0aff52391a576b068869275c5951821722a75c8b472e6d422a15d0427d83fadd64631fe67d935e27fbbcc36fbb43bd47f1c731a7e986c958950f432ac6096da993fc941235d7ea56dd57ae32644c10d46f10230a3eeb163fe342e8d83e3751cd0aafccd41734b52e6548b1f22bd0aa7059fc0fdd26c41c54153cfa9d50c3de35f5d42aa27d83d960825469e9bc54be69e63831f34c036d4befbbd4c109cc8d8a41a18d6820445d55cbc3cd208d117862a850e5b8ec0df7ef5ba6b7aeda69a77ba0d517f8f8b4a72c48c96c8d82",
    ],
    [
      "SHA-384",
      10,
      "31f1e0471f9e109d833c347ed605edfc823ad806009216005226eed82851b9d786c240bce109ba28792a409430d7c63410495c6deb39fab3b4830a6880bd845c3873b64644363aba99e6fea5772ec7506dbb822cd4c25384bfc00ccc957b8c6493aef60d9b752e22813a04438fcd390de14ace04ed8ced6aa3440c6ce654a4a5a90eeccad51c70fd01e0dff031c13882ae7d145e95d2609e2c43428ba9df9ca0617ff9f4e5464623ef15638780d3b741d0a1d91194e033235b813d221498060551ff724a8ae89a5ad57c984a31ce4af0a6612e9a78ac0aec5833a118f98a7eea1829cb72e15b2e9e69ea9d41b06338e7832d714526343c62efcb1ca268a95a31",
    ],
  ]) {
    const verifier = await subtle.importKey("jwk", rfc7515RsaPublicKey, { name: "RSA-PSS", hash }, false, ["verify"]);
    const algorithm = { name: "RSA-PSS", saltLength };
    await verifyAll(algorithm, verifier, unhex(signature), utf8("hello"));
    const otherSalt = { name: "RSA-PSS", saltLength: saltLength + 1 };
    assertEquals(await subtle.verify(otherSalt, verifier, unhex(signature), utf8("hello")), false);
    const signer = await subtle.importKey("jwk", rfc7515RsaKey, { name: "RSA-PSS", hash }, false, ["sign"]);
    const made = new Uint8Array(await subtle.sign(algorithm, signer, utf8("hello")));
    await verifyAll(algorithm, verifier, made, utf8("hello"));
  }
});

test("RSA-OAEP vectors", async () => {
  for (const [hash, label, ciphertext] of [
    [
      "SHA-1",
      undefined,
      "16b1034205f8519323a3eaff60fabf5b8d8f0d248d1baff55e8c482580ca3a93c233cd69bba875946c89f110fe6f74567ac7641a5249fb26d26179b1f0fd57c80966132bfbbcd420048315ff5c578faa9b92f3290a549b65584f9e8eb1c4d6b399d3a5b6ed68fe5656fa98336f67fdcdb78bbb09455d53ccc393cb7ea4cb1080dc0ed1fe9939f1356d61d424e19a91b10706474b0f69b253843ca615326cba910ac1a8ff74feeae1e3e8835aceae228b4ddcaf6829ca051fb837755e3cecd481215fc88327dd46feb3ebf0fd8de70bd6fa604efd347d5b410cc1b1c342012c6b78c4a1f98b401e66b2ae7ab72bc499dee0d0ac7db3b7c438f19e29f34afb547c",
    ],
    [
      "SHA-256",
      undefined,
      "22fad24732678e2bffdec58af608ff9ddacbe18c2bf20b250efe7cdd2fa7df61a1b3e4fe2a728e2aad643af7c8c21d36ee84e145416a1067fb6ac3f9c2dcbe6868ba42c2d19f6e8e702063b4b003ad1c891058c51d6805d6668b693ec02af7c832d5740dd96e51de1dc40e44baa71e392afafadc7b9024535be587fe54f17b6c1bf7dbac3536694dde21936b27c0e6ca2fa7e76bc5158198812a1fd50c60c750bc540f3ca1d8fa8e4e9d585d8ec632be0084cfbd06c60c3e49bf5c6e1e486a2a0815517e5302c2f668fdb1874ac090704892a339ed0f24ee3506202f84757af959deccca007a5c4071dfb12214e49e7a4a5a6a395c7c20f2692a7222344d5f1e",
    ],
    [
      "SHA-512",
      undefined,
      "688406a8321f9bd45a8cb2b7f60b565ef43223644007136a5491abb84d644d3e8b3ed43c7b3a0ff68d594bfe0d6af998ca4247eeee7344b2dc4f1e8eb36f2f24c8b17dcc4b7bd13af89c3dff93ad7f3d43b8c57d9785cee0b75439d34c05e38938ba4733c224253cc75d514c99787fcd5bf8cd3b74af48ea7d3b2a116701fe97467a14253a66041d9eac9a5305fdfc24d5e4637cafd673fddc0e3d0ee1fab5a14f96ad7f3b0b4d990227b65e13d288c2de89a0e9db88e4c927ed45766a63febf9792138a058f812fd2698d53d20a1a790094d198650f3697b0756d324e1df31e48ba149ceb04fb9df0ddcb84d109dda6bd217f8428bdc2a9c1c98910c784c54e",
    ],
    [
      "SHA-256",
      "label",
      "5a7f7eb7e6e12849fd88e61556b674d9b20ea871378980f8c6773a49ed58c100c9b9edd2df47749dfabe98ffa5fa268dd015210d973e5ba6e3fcfd4a9490be5b4b2766556a53f4664be01dbcee49b9f6d5f5dfcf46885ac4f85e51f686f242ef9b75245ec478599d27e5b8cc54cb0e81c4eebc2f17b0ac74cd8f369d46e5c5363b730c074a67cfb6f3fdc9afcc8eff049de35e9e87b8e533f44b4e7cbef138e58daa9880c3bf76c9fe48ced45af721ca44aa56658889985f1e258795eaca8e203974c889f150ea50b0b86ac4ec912b63ccc8b3196d2bfc22b5733905cefd538077fd2007f8a1a2736854f6abad967853f82c8aafe21320cea341d5aa5e0f6e84",
    ],
  ]) {
    const decrypter = await subtle.importKey("jwk", rfc7515RsaKey, { name: "RSA-OAEP", hash }, false, ["decrypt"]);
    const encrypter = await subtle.importKey("jwk", rfc7515RsaPublicKey, { name: "RSA-OAEP", hash }, false, [
      "encrypt",
    ]);
    const algorithm = label === undefined ? { name: "RSA-OAEP" } : { name: "RSA-OAEP", label: utf8(label) };
    assertEquals(text(await subtle.decrypt(algorithm, decrypter, unhex(ciphertext))), "hello", hash);
    const again = await subtle.encrypt(algorithm, encrypter, utf8("again"));
    assertEquals(again.byteLength, 256);
    assertEquals(text(await subtle.decrypt(algorithm, decrypter, again)), "again");
    await assertRejects(
      subtle.decrypt({ name: "RSA-OAEP", label: utf8("other") }, decrypter, unhex(ciphertext)),
      "OperationError",
    );
  }
});

const es256Key = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
};
const es512Key = {
  kty: "EC",
  crv: "P-521",
  x: "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
  y: "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
  d: "AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C",
};

test("ECDSA vectors of RFC 7515", async () => {
  for (const [jwk, hash, data, signature] of [
    [
      es256Key,
      "SHA-256",
      `eyJhbGciOiJFUzI1NiJ9.${joe}`,
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ],
    [
      es512Key,
      "SHA-512",
      "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
      "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    ],
  ]) {
    const { d: _, ...publicJwk } = jwk;
    const namedCurve = jwk.crv;
    const key = await subtle.importKey("jwk", publicJwk, { name: "ECDSA", namedCurve }, true, ["verify"]);
    const algorithm = { name: "ECDSA", hash };
    await verifyAll(algorithm, key, fromBase64url(signature), utf8(data));
    const signer = await subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve }, true, ["sign"]);
    const made = new Uint8Array(await subtle.sign(algorithm, signer, utf8(data)));
    assertEquals(made.length, namedCurve === "P-256" ? 64 : 132);
    await verifyAll(algorithm, key, made, utf8(data));
  }
});

test("ECDSA vectors of RFC 6979", async () => {
  const p256 =
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
  const p384 =
    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13" +
    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720";
  for (const [namedCurve, point, hash, data, r, s] of [
    [
      "P-256",
      p256,
      "SHA-1",
      "sample",
      "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32",
      "6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
    ],
    [
      "P-256",
      p256,
      "SHA-256",
      "sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    ],
    [
      "P-256",
      p256,
      "SHA-384",
      "sample",
      "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
      "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954",
    ],
    [
      "P-256",
      p256,
      "SHA-512",
      "sample",
      "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
      "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe",
    ],
    [
      "P-256",
      p256,
      "SHA-256",
      "test",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
      "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
    ],
    [
      "P-384",
      p384,
      "SHA-384",
      "sample",
      "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
      "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
    ],
  ]) {
    const key = await subtle.importKey("raw", unhex(point), { name: "ECDSA", namedCurve }, true, ["verify"]);
    await verifyAll({ name: "ECDSA", hash }, key, unhex(r + s), utf8(data));
    assertEquals(await subtle.verify({ name: "ECDSA", hash }, key, unhex(r + s).slice(1), utf8(data)), false);
  }
});

// Secret, public, message, signature.
const ed25519Vectors = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
];
const ed25519Pkcs8 = (secret) => unhex("302e020100300506032b657004220420" + secret);
const ed25519Spki = (octets) => unhex("302a300506032b6570032100" + octets);

test("Ed25519 vectors of RFC 8032, under both names", async () => {
  for (const algorithm of ["Ed25519", { name: "NODE-ED25519", namedCurve: "NODE-ED25519" }]) {
    for (const [secret, octets, message, expected] of ed25519Vectors) {
      const signer = await subtle.importKey("pkcs8", ed25519Pkcs8(secret), algorithm, true, ["sign"]);
      assertEquals(hex(await subtle.sign(algorithm, signer, unhex(message))), expected);
      assertEquals(hex(await subtle.exportKey("pkcs8", signer)), hex(ed25519Pkcs8(secret)));
      const jwk = await subtle.exportKey("jwk", signer);
      assertEquals([hex(fromBase64url(jwk.x)), hex(fromBase64url(jwk.d))], [octets, secret]);
      const verifier = await subtle.importKey("raw", unhex(octets), algorithm, true, ["verify"]);
      await verifyAll(algorithm, verifier, unhex(expected), unhex(message));
      assertEquals(hex(await subtle.exportKey("raw", verifier)), octets);
      assertEquals(hex(await subtle.exportKey("spki", verifier)), hex(ed25519Spki(octets)));
    }
  }
});

test("Ed25519 vectors of RFC 8037", async () => {
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  };
  const data = utf8("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
  const expected = fromBase64url(
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
  );
  const signer = await subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  assertEquals(hex(await subtle.sign("Ed25519", signer, data)), hex(expected));
  const { d: _, ...publicJwk } = jwk;
  await verifyAll("Ed25519", await subtle.importKey("jwk", publicJwk, "Ed25519", false, ["verify"]), expected, data);
});

test("X25519 vectors of RFC 7748", async () => {
  const people = [
    [
      "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    ],
    [
      "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ],
  ];
  const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  for (const [mine, theirs] of [people, people.toReversed()]) {
    const pkcs8 = unhex("302e020100300506032b656e04220420" + mine[0]);
    const privateKey = await subtle.importKey("pkcs8", pkcs8, "X25519", true, ["deriveBits", "deriveKey"]);
    assertEquals(hex(fromBase64url((await subtle.exportKey("jwk", privateKey)).x)), mine[1]);
    const peer = await subtle.importKey("raw", unhex(theirs[1]), "X25519", true, []);
    const algorithm = { name: "X25519", public: peer };
    assertEquals(hex(await subtle.deriveBits(algorithm, privateKey, 256)), shared);
    assertEquals(hex(await subtle.deriveBits(algorithm, privateKey, null)), shared);
    assertEquals(hex(await subtle.deriveBits(algorithm, privateKey, 64)), shared.slice(0, 16));
    const derived = await subtle.deriveKey(algorithm, privateKey, { name: "AES-GCM", length: 128 }, true, ["encrypt"]);
    assertEquals(hex(await subtle.exportKey("raw", derived)), shared.slice(0, 32));
  }
});

test("X25519 refuses a secret of zeros", async () => {
  const { privateKey } = await subtle.generateKey("X25519", false, ["deriveBits"]);
  const zero = await subtle.importKey("raw", new Uint8Array(32), "X25519", true, []);
  await assertRejects(subtle.deriveBits({ name: "X25519", public: zero }, privateKey, 256), "OperationError");
});

test("ECDH vectors of RFC 5903", async () => {
  const jwkOf = (d, x, y) => {
    const url = (digits) =>
      btoa(String.fromCharCode(...unhex(digits)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replace(/=+$/, "");
    return { kty: "EC", crv: "P-256", x: url(x), y: url(y), d: url(d) };
  };
  const i = jwkOf(
    "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
    "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180",
    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
  );
  const r = jwkOf(
    "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
    "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63",
    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
  );
  const shared = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
  const curve = { name: "ECDH", namedCurve: "P-256" };
  for (const [mine, theirs] of [
    [i, r],
    [r, i],
  ]) {
    const privateKey = await subtle.importKey("jwk", mine, curve, false, ["deriveBits"]);
    const { d: _, ...publicJwk } = theirs;
    const peer = await subtle.importKey("jwk", publicJwk, curve, true, []);
    const algorithm = { name: "ECDH", public: peer };
    assertEquals(hex(await subtle.deriveBits(algorithm, privateKey, 256)), shared);
    assertEquals(hex(await subtle.deriveBits(algorithm, privateKey, 128)), shared.slice(0, 32));
  }
});

test("key agreement is the same from both sides", async () => {
  for (const [algorithm, bits] of [
    [{ name: "ECDH", namedCurve: "P-256" }, 256],
    [{ name: "ECDH", namedCurve: "P-384" }, 384],
    [{ name: "ECDH", namedCurve: "P-521" }, 528],
    [{ name: "X25519" }, 256],
  ]) {
    const a = await subtle.generateKey(algorithm, false, ["deriveBits"]);
    const b = await subtle.generateKey(algorithm, false, ["deriveBits"]);
    const derive = (mine, theirs, length) =>
      subtle.deriveBits({ name: algorithm.name, public: theirs.publicKey }, mine.privateKey, length);
    const secret = hex(await derive(a, b, null));
    assertEquals(secret.length * 4, bits);
    assertEquals(hex(await derive(b, a)), secret);
    assertEquals(hex(await derive(b, a, 80)), secret.slice(0, 20));
    await assertRejects(derive(a, b, bits + 8), "OperationError", "too long");
    assert(secret !== hex(await derive(a, a, null)));
  }
});
