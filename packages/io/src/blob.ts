/** A stream of bytes: what is needed of a `ReadableStream`. Declared here, so that a program needs neither a page's types nor Node's. */
export interface ByteStream {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(): Promise<void>;
  };
}

/** What is needed of a `Blob` or `File`, declared here for the same reason. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  slice(start: number, end: number): BlobLike;
  stream(): ByteStream;
}
