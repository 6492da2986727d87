/** Remembers how to undo what was started, and undoes it in reverse order. */
export interface Closers {
  add(close: () => Promise<void> | void): void;
}

/** Runs work that starts things. Whatever it started is closed at the end, also where it failed half way. */
export async function withClosers<T>(work: (closers: Closers) => Promise<T>): Promise<T> {
  const stack: (() => Promise<void> | void)[] = [];
  try {
    return await work({ add: (close) => void stack.push(close) });
  } finally {
    for (const close of stack.toReversed()) await close();
  }
}
