// What the streams module gives to other builtins: its classes and its internal doors (globals.ts takes the classes only).
export * from "./interfaces";
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
