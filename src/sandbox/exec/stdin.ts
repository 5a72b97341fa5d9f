/** The bytes that a client sends to a process, until its half-close or the end of the connection. */
export class Stdin implements AsyncIterable<Buffer> {
  private readonly chunks: Buffer[] = [];
  private isEnded = false;
  private wake: () => void = () => {};

  push(chunk: Buffer): void {
    if (!this.isEnded) this.chunks.push(chunk);
    this.wake();
  }

  end(): void {
    this.isEnded = true;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk) yield chunk;
      else if (this.isEnded) return;
      else
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
    }
  }
}
