/**
 * `text` without any of `characters` at its end. A regular expression such as `/-+$/` tries anew at every character, which takes
 * hours for a megabyte of them.
 */
export function trimEnd(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}
