/**
 * Finds a shorter list that still fails, by leaving out ever smaller parts (delta debugging). A run that depends on
 * chance may pass now and then; what is returned has failed at least once.
 *
 * @param fails plays a list
 * @param isOver true when the time is up
 */
export async function shrink<T>(
  list: readonly T[],
  fails: (shorter: readonly T[]) => Promise<boolean>,
  isOver: () => boolean,
): Promise<readonly T[]> {
  let current = list;
  let parts = 2;
  while (current.length > 1 && !isOver()) {
    const size = Math.ceil(current.length / parts);
    let next: readonly T[] | undefined;
    for (let start = 0; start < current.length && next === undefined && !isOver(); start += size) {
      const without = [...current.slice(0, start), ...current.slice(start + size)];
      if (await fails(without)) next = without;
    }
    if (next !== undefined) {
      current = next;
      parts = Math.max(parts - 1, 2);
    } else if (size === 1) return current;
    else parts = Math.min(parts * 2, current.length);
  }
  return current;
}
