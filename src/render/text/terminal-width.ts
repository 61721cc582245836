/** Of pipes and files, which people read in a terminal after all, and of a terminal that does not say: containers have such with 0. */
const usualWidth = 80

/** The columns of a stream. */
export function terminalWidth(
  { isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number | undefined },
  ofPipes = usualWidth,
): number {
  if (isTTY !== true) return ofPipes
  return columns !== undefined && columns > 0 ? columns : usualWidth
}
