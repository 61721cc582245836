import { Failure } from '../model/failure.ts'
import type { KeychainProblem } from './keychain-protocol.ts'

const elsewhere = [
  'Or name a fallback, as in `keychain: { fallback: { age-file: { path: ..., identity: ... } } }`.',
  'Or use another store for this key, such as env-file or age-file.',
]

const explanations: Readonly<Record<KeychainProblem, { short: string; message: string; hint: string }>> = {
  'no-service': {
    short: 'no keychain service here',
    message: 'There is no keychain service here: no Secret Service answers on this session’s D-Bus.',
    hint: 'Install and start gnome-keyring (or another Secret Service, such as KeePassXC) in your session.',
  },
  locked: {
    short: 'the keychain is locked',
    message: 'The keychain is locked, or was never set up.',
    hint: 'Unlock it (or log in to your desktop once, which makes one) and run this again.',
  },
  ambiguous: {
    short: 'the keychain has several entries of that name',
    message: 'The keychain has more than one entry for this service and account.',
    hint: 'Remove all but one in your keychain program, or set another `account` for this key.',
  },
  unsupported: {
    short: 'no keychain on this platform',
    message: 'The keychain binding (@napi-rs/keyring) could not be loaded on this platform.',
    hint: 'Install fluxloop-keys anew on this machine, with its optional dependencies: npm install --include=optional',
  },
  refused: {
    short: 'the keychain refused',
    message: 'The keychain refused to do what was asked.',
    hint: 'Try to add an entry by hand in your keychain program; its message says more.',
  },
  unanswered: {
    short: 'the keychain did not answer',
    message: 'The keychain did not answer in time; it may be waiting at a prompt that nobody answered.',
    hint: 'Unlock the keychain first, or answer its prompt, and run this again.',
  },
  crashed: {
    short: 'the keychain helper failed',
    message: 'The keychain helper process ended without an answer.',
    hint: 'Run it again; where it keeps failing, reinstall fluxloop-keys.',
  },
}

/** What a problem means, with the remedy. `detail`: the name of the system's error, or empty. */
export function keychainFailure(problem: KeychainProblem, detail: string): Failure {
  const { message, hint } = explanations[problem]
  return new Failure('failed', detail === '' ? message : `${message} (${detail})`, {
    hints: [hint, ...elsewhere],
  })
}

/** The problem in a few words, to stand in parentheses. */
export function keychainProblemInWords(problem: KeychainProblem): string {
  return explanations[problem].short
}
