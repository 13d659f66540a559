// The classes of the streams that are global in a worker; internal doors are exported by index.ts only.
export { ReadableByteStreamController, ReadableStreamBYOBRequest } from "./byte_controller";
export { ReadableStreamDefaultController } from "./default_controller";
export { FixedLengthStream, IdentityTransformStream } from "./identity";
export { ReadableStream } from "./readable_stream";
export { ReadableStreamBYOBReader, ReadableStreamDefaultReader } from "./readers";
export { ByteLengthQueuingStrategy, CountQueuingStrategy } from "./strategies";
export { TextDecoderStream, TextEncoderStream } from "./text";
export { TransformStream, TransformStreamDefaultController } from "./transform_stream";
export { WritableStreamDefaultController } from "./writable_controller";
export { WritableStream, WritableStreamDefaultWriter } from "./writable_stream";
