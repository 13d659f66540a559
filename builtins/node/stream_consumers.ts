// node:stream/consumers: everything that a stream has, at once.

import { Blob, TextDecoder } from "adit:internal";
import { Buffer } from "./buffer";

type Source = AsyncIterable<any>;

export async function blob(stream: Source): Promise<Blob> {
  const chunks: any[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Blob(chunks);
}
export async function buffer(stream: Source): Promise<any> {
  const chunks: any[] = [];
  for await (const chunk of stream) chunks.push((Buffer as any).from(chunk));
  return (Buffer as any).concat(chunks);
}
export async function arrayBuffer(stream: Source): Promise<ArrayBuffer> {
  const all = await buffer(stream);
  return all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength);
}
export async function text(stream: Source): Promise<string> {
  const decoder = new TextDecoder();
  let out = "";
  for await (const chunk of stream) out += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return out + decoder.decode();
}
export async function json(stream: Source): Promise<unknown> {
  return JSON.parse(await text(stream));
}
export default { arrayBuffer, blob, buffer, json, text };
