// zlib's, brotli's and zstd's constants (zlib.h, brotli/encode.h, brotli/decode.h, zstd.h) by Node's names.

export const Z_NO_FLUSH = 0;
export const Z_PARTIAL_FLUSH = 1;
export const Z_SYNC_FLUSH = 2;
export const Z_FULL_FLUSH = 3;
export const Z_FINISH = 4;
export const Z_BLOCK = 5;
export const Z_OK = 0;
export const Z_STREAM_END = 1;
export const Z_NEED_DICT = 2;
export const Z_ERRNO = -1;
export const Z_STREAM_ERROR = -2;
export const Z_DATA_ERROR = -3;
export const Z_MEM_ERROR = -4;
export const Z_BUF_ERROR = -5;
export const Z_VERSION_ERROR = -6;
export const Z_NO_COMPRESSION = 0;
export const Z_BEST_SPEED = 1;
export const Z_BEST_COMPRESSION = 9;
export const Z_DEFAULT_COMPRESSION = -1;
export const Z_FILTERED = 1;
export const Z_HUFFMAN_ONLY = 2;
export const Z_RLE = 3;
export const Z_FIXED = 4;
export const Z_DEFAULT_STRATEGY = 0;
export const ZLIB_VERNUM = 4880;
export const DEFLATE = 1;
export const INFLATE = 2;
export const GZIP = 3;
export const GUNZIP = 4;
export const DEFLATERAW = 5;
export const INFLATERAW = 6;
export const UNZIP = 7;
export const BROTLI_DECODE = 8;
export const BROTLI_ENCODE = 9;
export const Z_MIN_WINDOWBITS = 8;
export const Z_MAX_WINDOWBITS = 15;
export const Z_DEFAULT_WINDOWBITS = 15;
export const Z_MIN_CHUNK = 64;
export const Z_MAX_CHUNK = Infinity;
export const Z_DEFAULT_CHUNK = 16384;
export const Z_MIN_MEMLEVEL = 1;
export const Z_MAX_MEMLEVEL = 9;
export const Z_DEFAULT_MEMLEVEL = 8;
export const Z_MIN_LEVEL = -1;
export const Z_MAX_LEVEL = 9;
export const Z_DEFAULT_LEVEL = -1;
export const BROTLI_OPERATION_PROCESS = 0;
export const BROTLI_OPERATION_FLUSH = 1;
export const BROTLI_OPERATION_FINISH = 2;
export const BROTLI_OPERATION_EMIT_METADATA = 3;
export const BROTLI_PARAM_MODE = 0;
export const BROTLI_MODE_GENERIC = 0;
export const BROTLI_MODE_TEXT = 1;
export const BROTLI_MODE_FONT = 2;
export const BROTLI_DEFAULT_MODE = 0;
export const BROTLI_PARAM_QUALITY = 1;
export const BROTLI_MIN_QUALITY = 0;
export const BROTLI_MAX_QUALITY = 11;
export const BROTLI_DEFAULT_QUALITY = 11;
export const BROTLI_PARAM_LGWIN = 2;
export const BROTLI_MIN_WINDOW_BITS = 10;
export const BROTLI_MAX_WINDOW_BITS = 24;
export const BROTLI_LARGE_MAX_WINDOW_BITS = 30;
export const BROTLI_DEFAULT_WINDOW = 22;
export const BROTLI_PARAM_LGBLOCK = 3;
export const BROTLI_MIN_INPUT_BLOCK_BITS = 16;
export const BROTLI_MAX_INPUT_BLOCK_BITS = 24;
export const BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING = 4;
export const BROTLI_PARAM_SIZE_HINT = 5;
export const BROTLI_PARAM_LARGE_WINDOW = 6;
export const BROTLI_PARAM_NPOSTFIX = 7;
export const BROTLI_PARAM_NDIRECT = 8;
export const BROTLI_DECODER_RESULT_ERROR = 0;
export const BROTLI_DECODER_RESULT_SUCCESS = 1;
export const BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT = 2;
export const BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT = 3;
export const BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION = 0;
export const BROTLI_DECODER_PARAM_LARGE_WINDOW = 1;
export const BROTLI_DECODER_NO_ERROR = 0;
export const BROTLI_DECODER_SUCCESS = 1;
export const BROTLI_DECODER_NEEDS_MORE_INPUT = 2;
export const BROTLI_DECODER_NEEDS_MORE_OUTPUT = 3;
export const BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_NIBBLE = -1;
export const BROTLI_DECODER_ERROR_FORMAT_RESERVED = -2;
export const BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_META_NIBBLE = -3;
export const BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_ALPHABET = -4;
export const BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_SAME = -5;
export const BROTLI_DECODER_ERROR_FORMAT_CL_SPACE = -6;
export const BROTLI_DECODER_ERROR_FORMAT_HUFFMAN_SPACE = -7;
export const BROTLI_DECODER_ERROR_FORMAT_CONTEXT_MAP_REPEAT = -8;
export const BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1 = -9;
export const BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_2 = -10;
export const BROTLI_DECODER_ERROR_FORMAT_TRANSFORM = -11;
export const BROTLI_DECODER_ERROR_FORMAT_DICTIONARY = -12;
export const BROTLI_DECODER_ERROR_FORMAT_WINDOW_BITS = -13;
export const BROTLI_DECODER_ERROR_FORMAT_PADDING_1 = -14;
export const BROTLI_DECODER_ERROR_FORMAT_PADDING_2 = -15;
export const BROTLI_DECODER_ERROR_FORMAT_DISTANCE = -16;
export const BROTLI_DECODER_ERROR_DICTIONARY_NOT_SET = -19;
export const BROTLI_DECODER_ERROR_INVALID_ARGUMENTS = -20;
export const BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES = -21;
export const BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS = -22;
export const BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP = -25;
export const BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1 = -26;
export const BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2 = -27;
export const BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES = -30;
export const BROTLI_DECODER_ERROR_UNREACHABLE = -31;
export const ZSTD_ENCODE = 10;
export const ZSTD_DECODE = 11;
export const ZSTD_COMPRESS = 10;
export const ZSTD_DECOMPRESS = 11;
export const ZSTD_e_continue = 0;
export const ZSTD_e_flush = 1;
export const ZSTD_e_end = 2;
export const ZSTD_c_compressionLevel = 100;
export const ZSTD_c_windowLog = 101;
export const ZSTD_c_hashLog = 102;
export const ZSTD_c_chainLog = 103;
export const ZSTD_c_searchLog = 104;
export const ZSTD_c_minMatch = 105;
export const ZSTD_c_targetLength = 106;
export const ZSTD_c_strategy = 107;
export const ZSTD_c_enableLongDistanceMatching = 160;
export const ZSTD_c_ldmHashLog = 161;
export const ZSTD_c_ldmMinMatch = 162;
export const ZSTD_c_ldmBucketSizeLog = 163;
export const ZSTD_c_ldmHashRateLog = 164;
export const ZSTD_c_contentSizeFlag = 200;
export const ZSTD_c_checksumFlag = 201;
export const ZSTD_c_dictIDFlag = 202;
export const ZSTD_c_nbWorkers = 400;
export const ZSTD_c_jobSize = 401;
export const ZSTD_c_overlapLog = 402;
export const ZSTD_d_windowLogMax = 100;
export const ZSTD_fast = 1;
export const ZSTD_dfast = 2;
export const ZSTD_greedy = 3;
export const ZSTD_lazy = 4;
export const ZSTD_lazy2 = 5;
export const ZSTD_btlazy2 = 6;
export const ZSTD_btopt = 7;
export const ZSTD_btultra = 8;
export const ZSTD_btultra2 = 9;
export const ZSTD_CLEVEL_DEFAULT = 3;
export const ZSTD_error_no_error = 0;
export const ZSTD_error_GENERIC = 1;
export const ZSTD_error_prefix_unknown = 10;
export const ZSTD_error_version_unsupported = 12;
export const ZSTD_error_frameParameter_unsupported = 14;
export const ZSTD_error_frameParameter_windowTooLarge = 16;
export const ZSTD_error_corruption_detected = 20;
export const ZSTD_error_checksum_wrong = 22;
export const ZSTD_error_literals_headerWrong = 24;
export const ZSTD_error_dictionary_corrupted = 30;
export const ZSTD_error_dictionary_wrong = 32;
export const ZSTD_error_dictionaryCreation_failed = 34;
export const ZSTD_error_parameter_unsupported = 40;
export const ZSTD_error_parameter_combination_unsupported = 41;
export const ZSTD_error_parameter_outOfBound = 42;
export const ZSTD_error_tableLog_tooLarge = 44;
export const ZSTD_error_maxSymbolValue_tooLarge = 46;
export const ZSTD_error_maxSymbolValue_tooSmall = 48;
export const ZSTD_error_stabilityCondition_notRespected = 50;
export const ZSTD_error_stage_wrong = 60;
export const ZSTD_error_init_missing = 62;
export const ZSTD_error_memory_allocation = 64;
export const ZSTD_error_workSpace_tooSmall = 66;
export const ZSTD_error_dstSize_tooSmall = 70;
export const ZSTD_error_srcSize_wrong = 72;
export const ZSTD_error_dstBuffer_null = 74;
export const ZSTD_error_noForwardProgress_destFull = 80;
export const ZSTD_error_noForwardProgress_inputEmpty = 82;

export const constants = Object.freeze({
  ZSTD_ENCODE,
  ZSTD_DECODE,
  ZSTD_COMPRESS,
  ZSTD_DECOMPRESS,
  ZSTD_e_continue,
  ZSTD_e_flush,
  ZSTD_e_end,
  ZSTD_c_compressionLevel,
  ZSTD_c_windowLog,
  ZSTD_c_hashLog,
  ZSTD_c_chainLog,
  ZSTD_c_searchLog,
  ZSTD_c_minMatch,
  ZSTD_c_targetLength,
  ZSTD_c_strategy,
  ZSTD_c_enableLongDistanceMatching,
  ZSTD_c_ldmHashLog,
  ZSTD_c_ldmMinMatch,
  ZSTD_c_ldmBucketSizeLog,
  ZSTD_c_ldmHashRateLog,
  ZSTD_c_contentSizeFlag,
  ZSTD_c_checksumFlag,
  ZSTD_c_dictIDFlag,
  ZSTD_c_nbWorkers,
  ZSTD_c_jobSize,
  ZSTD_c_overlapLog,
  ZSTD_d_windowLogMax,
  ZSTD_fast,
  ZSTD_dfast,
  ZSTD_greedy,
  ZSTD_lazy,
  ZSTD_lazy2,
  ZSTD_btlazy2,
  ZSTD_btopt,
  ZSTD_btultra,
  ZSTD_btultra2,
  ZSTD_CLEVEL_DEFAULT,
  ZSTD_error_no_error,
  ZSTD_error_GENERIC,
  ZSTD_error_prefix_unknown,
  ZSTD_error_version_unsupported,
  ZSTD_error_frameParameter_unsupported,
  ZSTD_error_frameParameter_windowTooLarge,
  ZSTD_error_corruption_detected,
  ZSTD_error_checksum_wrong,
  ZSTD_error_literals_headerWrong,
  ZSTD_error_dictionary_corrupted,
  ZSTD_error_dictionary_wrong,
  ZSTD_error_dictionaryCreation_failed,
  ZSTD_error_parameter_unsupported,
  ZSTD_error_parameter_combination_unsupported,
  ZSTD_error_parameter_outOfBound,
  ZSTD_error_tableLog_tooLarge,
  ZSTD_error_maxSymbolValue_tooLarge,
  ZSTD_error_maxSymbolValue_tooSmall,
  ZSTD_error_stabilityCondition_notRespected,
  ZSTD_error_stage_wrong,
  ZSTD_error_init_missing,
  ZSTD_error_memory_allocation,
  ZSTD_error_workSpace_tooSmall,
  ZSTD_error_dstSize_tooSmall,
  ZSTD_error_srcSize_wrong,
  ZSTD_error_dstBuffer_null,
  ZSTD_error_noForwardProgress_destFull,
  ZSTD_error_noForwardProgress_inputEmpty,
  Z_NO_FLUSH,
  Z_PARTIAL_FLUSH,
  Z_SYNC_FLUSH,
  Z_FULL_FLUSH,
  Z_FINISH,
  Z_BLOCK,
  Z_OK,
  Z_STREAM_END,
  Z_NEED_DICT,
  Z_ERRNO,
  Z_STREAM_ERROR,
  Z_DATA_ERROR,
  Z_MEM_ERROR,
  Z_BUF_ERROR,
  Z_VERSION_ERROR,
  Z_NO_COMPRESSION,
  Z_BEST_SPEED,
  Z_BEST_COMPRESSION,
  Z_DEFAULT_COMPRESSION,
  Z_FILTERED,
  Z_HUFFMAN_ONLY,
  Z_RLE,
  Z_FIXED,
  Z_DEFAULT_STRATEGY,
  ZLIB_VERNUM,
  DEFLATE,
  INFLATE,
  GZIP,
  GUNZIP,
  DEFLATERAW,
  INFLATERAW,
  UNZIP,
  BROTLI_DECODE,
  BROTLI_ENCODE,
  Z_MIN_WINDOWBITS,
  Z_MAX_WINDOWBITS,
  Z_DEFAULT_WINDOWBITS,
  Z_MIN_CHUNK,
  Z_MAX_CHUNK,
  Z_DEFAULT_CHUNK,
  Z_MIN_MEMLEVEL,
  Z_MAX_MEMLEVEL,
  Z_DEFAULT_MEMLEVEL,
  Z_MIN_LEVEL,
  Z_MAX_LEVEL,
  Z_DEFAULT_LEVEL,
  BROTLI_OPERATION_PROCESS,
  BROTLI_OPERATION_FLUSH,
  BROTLI_OPERATION_FINISH,
  BROTLI_OPERATION_EMIT_METADATA,
  BROTLI_PARAM_MODE,
  BROTLI_MODE_GENERIC,
  BROTLI_MODE_TEXT,
  BROTLI_MODE_FONT,
  BROTLI_DEFAULT_MODE,
  BROTLI_PARAM_QUALITY,
  BROTLI_MIN_QUALITY,
  BROTLI_MAX_QUALITY,
  BROTLI_DEFAULT_QUALITY,
  BROTLI_PARAM_LGWIN,
  BROTLI_MIN_WINDOW_BITS,
  BROTLI_MAX_WINDOW_BITS,
  BROTLI_LARGE_MAX_WINDOW_BITS,
  BROTLI_DEFAULT_WINDOW,
  BROTLI_PARAM_LGBLOCK,
  BROTLI_MIN_INPUT_BLOCK_BITS,
  BROTLI_MAX_INPUT_BLOCK_BITS,
  BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING,
  BROTLI_PARAM_SIZE_HINT,
  BROTLI_PARAM_LARGE_WINDOW,
  BROTLI_PARAM_NPOSTFIX,
  BROTLI_PARAM_NDIRECT,
  BROTLI_DECODER_RESULT_ERROR,
  BROTLI_DECODER_RESULT_SUCCESS,
  BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT,
  BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT,
  BROTLI_DECODER_PARAM_DISABLE_RING_BUFFER_REALLOCATION,
  BROTLI_DECODER_PARAM_LARGE_WINDOW,
  BROTLI_DECODER_NO_ERROR,
  BROTLI_DECODER_SUCCESS,
  BROTLI_DECODER_NEEDS_MORE_INPUT,
  BROTLI_DECODER_NEEDS_MORE_OUTPUT,
  BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_NIBBLE,
  BROTLI_DECODER_ERROR_FORMAT_RESERVED,
  BROTLI_DECODER_ERROR_FORMAT_EXUBERANT_META_NIBBLE,
  BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_ALPHABET,
  BROTLI_DECODER_ERROR_FORMAT_SIMPLE_HUFFMAN_SAME,
  BROTLI_DECODER_ERROR_FORMAT_CL_SPACE,
  BROTLI_DECODER_ERROR_FORMAT_HUFFMAN_SPACE,
  BROTLI_DECODER_ERROR_FORMAT_CONTEXT_MAP_REPEAT,
  BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_1,
  BROTLI_DECODER_ERROR_FORMAT_BLOCK_LENGTH_2,
  BROTLI_DECODER_ERROR_FORMAT_TRANSFORM,
  BROTLI_DECODER_ERROR_FORMAT_DICTIONARY,
  BROTLI_DECODER_ERROR_FORMAT_WINDOW_BITS,
  BROTLI_DECODER_ERROR_FORMAT_PADDING_1,
  BROTLI_DECODER_ERROR_FORMAT_PADDING_2,
  BROTLI_DECODER_ERROR_FORMAT_DISTANCE,
  BROTLI_DECODER_ERROR_DICTIONARY_NOT_SET,
  BROTLI_DECODER_ERROR_INVALID_ARGUMENTS,
  BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES,
  BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS,
  BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP,
  BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1,
  BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2,
  BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES,
  BROTLI_DECODER_ERROR_UNREACHABLE,
});
export const codes: Readonly<Record<string, number | string>> = Object.freeze({
  "0": "Z_OK",
  "1": "Z_STREAM_END",
  "2": "Z_NEED_DICT",
  Z_OK: 0,
  Z_STREAM_END: 1,
  Z_NEED_DICT: 2,
  Z_ERRNO: -1,
  Z_STREAM_ERROR: -2,
  Z_DATA_ERROR: -3,
  Z_MEM_ERROR: -4,
  Z_BUF_ERROR: -5,
  Z_VERSION_ERROR: -6,
  "-1": "Z_ERRNO",
  "-2": "Z_STREAM_ERROR",
  "-3": "Z_DATA_ERROR",
  "-4": "Z_MEM_ERROR",
  "-5": "Z_BUF_ERROR",
  "-6": "Z_VERSION_ERROR",
});
