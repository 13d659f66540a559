// What the streams module gives to globals.ts and to other builtins.
export { ReadableByteStreamController, ReadableStreamBYOBRequest } from "./byte_controller";
export { ReadableStreamDefaultController } from "./default_controller";
export { FixedLengthStream, IdentityTransformStream } from "./identity";
export {
  createReadableStream,
  errorStream,
  isDisturbed,
  isLocked,
  isReadableStream,
  pumpToPipe,
  readAllBytes,
  sourceOf,
  streamFromBytes,
  streamFromSource,
  streamLength,
  takeSource,
  type Source,
  type StreamController,
} from "./native";
export { ReadableStream } from "./readable_stream";
export { ReadableStreamBYOBReader, ReadableStreamDefaultReader } from "./readers";
export { ByteLengthQueuingStrategy, CountQueuingStrategy } from "./strategies";
export { TextDecoderStream, TextEncoderStream } from "./text";
export { TransformStream, TransformStreamDefaultController } from "./transform_stream";
export { WritableStreamDefaultController } from "./writable_controller";
export { WritableStream, WritableStreamDefaultWriter } from "./writable_stream";
