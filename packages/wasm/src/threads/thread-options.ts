export interface ThreadOptions {
  /** The maximum number of threads that work at the same time. Default: the number of cores, but at most 8 */
  readonly threads?: number;
  /**
   * Whether a program waits until its threads have started, instead of running without them; for measurements. In a browser
   * `startThreads` must be awaited first, because threads do not start while another thread blocks. Default: false
   */
  readonly waitForThreads?: boolean;
}
