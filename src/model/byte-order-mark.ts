/** A text as its reader sees it: some editors and shells begin a file in UTF-8 with a mark, which is not a part of it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
