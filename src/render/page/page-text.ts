import { escapeControls, redactSecrets } from '../text/escape.ts'

/** Longer texts are cut: nobody reads them, and one of them must not make the page large. */
const longest = 400

/** What tells who or where somebody is, wherever it stands in a text. */
const mail = /[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g
const address =
  /\b\d{1,3}(?:\.\d{1,3}){3}\b|(?<![\w:])(?:[\da-f]{1,4}:){2,7}(?::?[\da-f]{1,4}){1,6}(?![\w:])/gi

/** The door for every text of a page. */
export type PageText = (value: string) => string

function shortened(value: string): string {
  return value.length <= longest ? value : `${Array.from(value.slice(0, longest)).slice(0, -1).join('')}…`
}

/** `personal`: addresses and persons stay. */
export function pageText(personal: boolean): PageText {
  // A person gets a number, so that their keys stay together.
  const people = new Map<string, string>()
  const named = (found: string) => {
    const known = people.get(found) ?? `person ${people.size + 1}`
    people.set(found, known)
    return known
  }
  const safe = (value: string) => shortened(escapeControls(redactSecrets(value)))
  const without = (value: string) => value.replace(mail, named).replace(address, '(address)')
  return personal ? safe : value => safe(without(value.slice(0, 10 * longest)))
}
