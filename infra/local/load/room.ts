// Bounds what is under way at once by its size, not only by its number: twenty small patients or one large.

export class Room {
  private readonly size: number;
  private used = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
  }

  /** Waits for room; what is larger than the room goes in alone. Answers with the release. */
  async enter(weight: number): Promise<() => void> {
    while (this.used > 0 && this.used + weight > this.size) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.used += weight;
    return () => {
      this.used -= weight;
      for (const wake of this.waiting.splice(0)) wake();
    };
  }
}
