// request.cf: plausible values of Cloudflare's incoming request properties (Workers docs, Runtime APIs, Request). In development the client
// is this machine, so they describe one fixed place; the object is made anew per request, because workers may change it.

export function cfObject(): object {
  return {
    asn: 13335,
    asOrganization: "Adit",
    city: "Lisbon",
    clientAcceptEncoding: "gzip, deflate, br",
    clientTcpRtt: 1,
    colo: "LIS",
    continent: "EU",
    country: "PT",
    edgeRequestKeepAliveStatus: 1,
    httpProtocol: "HTTP/1.1",
    isEUCountry: "1",
    latitude: "38.71667",
    longitude: "-9.13333",
    postalCode: "1000",
    region: "Lisbon",
    regionCode: "11",
    requestPriority: "",
    timezone: "Europe/Lisbon",
    tlsCipher: "",
    tlsVersion: "",
  };
}
