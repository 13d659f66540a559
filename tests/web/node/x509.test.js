// X509Certificate and Certificate of node:crypto, with the certificates in certificates/.
import { Certificate, createPrivateKey, createPublicKey, KeyObject, X509Certificate } from "node:crypto";
import { assert, assertEquals, assertThrows, test } from "../harness.js";
import authority from "./certificates/authority.pem";
import leafKey from "./certificates/leaf.key.pem";
import leaf from "./certificates/leaf.pem";

const fails = { workerd: "workerd answers with an internal error" };
const lacks = { workerd: "workerd does not have it" };
const of = (pem) => new X509Certificate(pem);

test("what a certificate says", () => {
  const certificate = of(leaf);
  assertEquals(certificate.subject, "C=CH\nO=Leaf\\, Inc\nCN=example.com");
  assertEquals(
    certificate.issuer,
    "C=CH\nST=Zürich\nO=Adit Test\nOU=Two\nCN=Adit Test CA\nemailAddress=ca@example.com",
  );
  assertEquals(
    certificate.subjectAltName,
    "DNS:example.com, DNS:*.example.org, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, email:leaf@example.com, URI:https://example.com/x",
  );
  assertEquals(
    certificate.infoAccess,
    "OCSP - URI:http://ocsp.example.com/\nCA Issuers - URI:http://ca.example.com/ca.crt\n",
  );
  assertEquals([certificate.serialNumber, of(authority).serialNumber], ["0ABC", "1122334455667788"]);
  assertEquals([certificate.ca, of(authority).ca], [false, true]);
  assertEquals([certificate.validFrom, certificate.validTo], ["Nov 24 14:21:08 2026 GMT", "Oct 31 14:21:08 2126 GMT"]);
  assertEquals(
    [of(authority).subjectAltName, of(authority).infoAccess, of(authority).keyUsage],
    [undefined, undefined, undefined],
  );
  assertEquals(certificate.issuerCertificate, undefined);
});

test("fingerprints, octets and text", () => {
  const certificate = of(leaf);
  assertEquals(certificate.fingerprint, "09:C0:C0:79:81:FB:9E:F1:B1:46:E5:77:8A:64:DE:04:73:11:D6:D5");
  assertEquals(certificate.fingerprint256.length, 32 * 3 - 1);
  assertEquals(certificate.fingerprint512.length, 64 * 3 - 1);
  assert(Buffer.isBuffer(certificate.raw));
  assertEquals(of(certificate.raw).fingerprint256, certificate.fingerprint256);
  assertEquals(certificate.toString().trim(), leaf.trim());
  assertEquals(JSON.stringify(certificate), JSON.stringify(certificate.toString()));
});

test(
  "the purposes of a certificate",
  () => {
    assertEquals(of(leaf).keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  },
  fails,
);

test(
  "dates and the signature's algorithm",
  () => {
    const certificate = of(leaf);
    assertEquals(certificate.validToDate.toISOString(), "2126-10-31T14:21:08.000Z");
    assertEquals(
      [certificate.signatureAlgorithm, certificate.signatureAlgorithmOid],
      ["ecdsa-with-SHA256", "1.2.840.10045.4.3.2"],
    );
  },
  lacks,
);

test("the public key", () => {
  const key = of(leaf).publicKey;
  assert(key instanceof KeyObject);
  assertEquals([key.type, key.asymmetricKeyType, of(authority).publicKey.asymmetricKeyType], ["public", "rsa", "ec"]);
  assertEquals(createPublicKey(leaf).asymmetricKeyType, "rsa");
});

test("the host that a certificate is for", () => {
  const certificate = of(leaf);
  const hosts = {
    "example.com": "example.com",
    "EXAMPLE.com": "example.com",
    "www.example.org": "*.example.org",
    "a.b.example.org": undefined,
    "example.org": undefined,
    "other.com": undefined,
    "127.0.0.1": undefined,
    "": undefined,
  };
  for (const [host, matched] of Object.entries(hosts)) assertEquals(certificate.checkHost(host), matched, host);
  assertEquals(certificate.checkHost("www.example.org", { wildcards: false }), undefined);
  assertEquals(certificate.checkHost("example.com", { subject: "never" }), "example.com");
  assertEquals(assertThrows(() => certificate.checkHost(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("the mail and IP addresses that a certificate is for", () => {
  const certificate = of(leaf);
  assertEquals(certificate.checkEmail("leaf@example.com"), "leaf@example.com");
  assertEquals(certificate.checkEmail("x@example.com"), undefined);
  assertEquals([certificate.checkIP("127.0.0.1"), certificate.checkIP("::1")], ["127.0.0.1", "::1"]);
  assertEquals(certificate.checkIP("10.0.0.1"), undefined);
});

test("who issued a certificate", () => {
  const [certificate, issuer] = [of(leaf), of(authority)];
  assertEquals([certificate.checkIssued(issuer), certificate.checkIssued(certificate)], [true, false]);
  assert(issuer.checkIssued(issuer));
  assertEquals([certificate.verify(issuer.publicKey), certificate.verify(certificate.publicKey)], [true, false]);
  assertEquals(assertThrows(() => certificate.checkIssued({}), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertEquals(assertThrows(() => certificate.verify("x"), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test(
  "the private key of a certificate",
  () => {
    assert(of(leaf).checkPrivateKey(createPrivateKey(leafKey)));
    assertEquals(of(authority).checkPrivateKey(createPrivateKey(leafKey)), false);
  },
  { workerd: "workerd says no to every key" },
);

test(
  "the older form of a certificate",
  () => {
    const { subject, subjectaltname, infoAccess, bits, exponent, pubkey, ext_key_usage } = of(leaf).toLegacyObject();
    assertEquals({ ...subject }, { C: "CH", O: "Leaf, Inc", CN: "example.com" });
    assertEquals(subjectaltname, of(leaf).subjectAltName);
    assertEquals(infoAccess["CA Issuers - URI"], ["http://ca.example.com/ca.crt"]);
    assertEquals([bits, exponent, Buffer.isBuffer(pubkey), ext_key_usage.length], [2048, "0x10001", true, 2]);
    assertEquals({ ...of(authority).toLegacyObject().subject }.ST, "Zürich");
  },
  fails,
);

test("what is no certificate", () => {
  assertEquals(assertThrows(() => of("nope"), TypeError).code, "ERR_INVALID_ARG_VALUE");
  assertEquals(assertThrows(() => of(1), TypeError).code, "ERR_INVALID_ARG_TYPE");
  assertThrows(() => X509Certificate(leaf), TypeError, "Class constructor X509Certificate cannot be invoked");
});

// Made with `openssl spkac -digest sha256 -key leaf.key.pem -challenge adit`.
const spkac =
  "MIICRDCCASwwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDGh+xr16XrLGutudsCV6WOJCjr1uUeQb0t/2PRklH+ruRuVzS7R3Ht3JHpRvssBEzohCIDBgeFhXIc3K2LpwgFSV82L78Oj9b5cbZUt8iC/ruvNAdyZTf7+EOnuhEGG1nWVvZfs9OZuujo1614Hahi84mR/sBSBBwx/Nrwkjo+Cruu24/WRXORCBGbh7D+j5rsENReSdldlNgxcKudLdzMLc91p6+gNSznSkLFbOmYj4ssvIfTnIp4Xt+fpuDULCoFJJrm41MZmcmNBmqAmqE5IVdxv6hXGpzIIC3I0GHvhhe2ZBDXJgFeD3t4J5D2vkoy5FxpWUEiqTViz+5R/EuRAgMBAAEWBGFkaXQwDQYJKoZIhvcNAQELBQADggEBAEeWXyscc9MBzX6CBKtcE795vVCd1XnUICx3GnfvCjhzuywjGDy6ltlFbISKgfKAS7AojTuZGtrxoJLuxB9CVB+AUitGpssBmvZt2PWTUZpp5FNZrHSxcFuwJpu8lY3WkojewSuO8X3omcaIyfz93C6gHmaHUtrpEw5HnGAOUZNHmo6tINzpwFyzOWZmSCKWqXiOQ9GC4hTN1u7XlLAUqZ6T9JlwU3OrNiosIvoVZ2S4UCtL/FbjYv6laAKm9wSt/SRF5Gt7nfEFdmUmvwb/wNYe7dTdpXOyy1cLAdRF4Hfi47sPQ0eMBM8AY3xWGGLNnNh046IWs0NERb1YIB6JOyM=";
test("a signed public key and challenge", () => {
  assert(Certificate.verifySpkac(Buffer.from(spkac)));
  assertEquals(Certificate.exportChallenge(spkac).toString(), "adit");
  assert(createPublicKey(Certificate.exportPublicKey(spkac)).equals(createPublicKey(leaf)));
  assertEquals(new Certificate().exportChallenge(spkac).toString(), "adit");
  assertEquals(Certificate().verifySpkac(Buffer.from("bad")), false);
  assertEquals(Certificate.exportChallenge(Buffer.from("bad")).length, 0);
  assertEquals(Certificate.exportPublicKey("bad").length, 0);
});
