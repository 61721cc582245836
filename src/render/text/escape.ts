/** The door for every text that others wrote: what acts on a terminal or on a CI runner, or looks like a secret, does not pass it. */

import { breakable, styles } from './layout.ts'
import { breakCommands } from './runner-commands.ts'
import { unicodeEscape } from './unicode-escape.ts'

/** Controls, halves of surrogate pairs, line separators, and what reorders or hides text on a screen. */
const unsafe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]/gu
const unsafeOrOurs = new RegExp(`${styles.source}|${unsafe.source}`, 'gu')
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function visible(character: string): string {
  return shortEscapes[character] ?? unicodeEscape(character)
}

/**
 * The door for every text that a server or a user wrote: names, messages, file names, arguments. Makes control
 * characters, terminal escapes and invisible or reordering characters visible (`\u001b`, `\n`), and breaks up what a
 * CI runner would take for a command (`##\u005b`).
 */
export function escapeControls(text: string): string {
  return breakCommands(text.replace(unsafe, visible))
}

/** The same for text with our own colours, lines and fixed spaces in it. */
export function escapeRaw(text: string): string {
  return breakable(text).replace(unsafeOrOurs, found =>
    found.length > 2 || found === '\n' || found === '\t' ? found : visible(found),
  )
}

/** Replaces every character that `escapeControls` would touch; for JSON text, which has its own escapes. */
export function replaceUnsafe(text: string, replace: (character: string) => string): string {
  return text.replace(unsafe, replace)
}

/** Takes out what looks like a secret: a last guard around texts that other programs and libraries wrote. */
export function redactSecrets(text: string): string {
  const known = text
    .replace(/\bflux_(dev|stg|prod|ci|user)_[A-Za-z0-9_-]{8,}/g, 'flux_$1_[secret]')
    .replace(/\bAGE-SECRET-KEY-[A-Z0-9-]+/gi, 'AGE-SECRET-KEY-[secret]')
  // An Ed25519 private key, which somebody may paste where its name belongs.
  if (!known.includes('BQYDK2VwBCIEI')) return known
  return known.replace(/[A-Za-z0-9+/]{0,16}BQYDK2VwBCIEI[A-Za-z0-9+/=]+/g, '[secret]')
}

/** Free text between quotes, on one line. */
export function quote(text: string): string {
  return `"${escapeControls(text).replaceAll('"', '\\"')}"`
}
