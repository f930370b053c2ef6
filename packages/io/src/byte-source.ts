/** Bytes that are read in parts: of a file, or of a blob of a page. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** The number of bytes when it was opened. */
  readonly size: number;
  /** Some of the bytes. Throws: StargradError if the file was changed after it was opened */
  read(begin: number, end: number): Promise<Uint8Array>;
}
