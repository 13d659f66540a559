// Whether a text is an IP address (RFC 4291 § 2.2 for the sixth version).

const v4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d{1,2})(?:\.(?!$)|$)){4}$/;

export function isIPv4(text: unknown): boolean {
  const value = `${text as string}`;
  return v4.test(value) && !/(^|\.)0\d/.test(value);
}
export function isIPv6(text: unknown): boolean {
  let value = `${text as string}`;
  const zone = value.indexOf("%");
  if (zone >= 0) {
    if (!/^[0-9a-zA-Z\-.:]+$/.test(value.slice(zone + 1))) return false;
    value = value.slice(0, zone);
  }
  const last = value.lastIndexOf(":");
  if (last < 0) return false;
  if (value.slice(last + 1).includes(".")) {
    if (!isIPv4(value.slice(last + 1))) return false;
    value = `${value.slice(0, last)}:0:0`;
  }
  const halves = value.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}
export function isIP(text: unknown): number {
  return isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0;
}
