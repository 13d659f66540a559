// node:_stream_transform, an old name of stream.Transform.

import stream from "./stream";

export const { Duplex, PassThrough, Readable, Stream, Transform, Writable } = stream as any;
export default Transform;
