import { type Located, type Report, diagnosticFor } from './parts.ts'
import type { RawStore } from './raw.ts'
import type { Path } from './read-yaml.ts'
import type { ResolvedKey } from './resolve-key.ts'

interface Recipient {
  readonly text: string
  readonly place: Located<RawStore>
}

/** An X25519 key; the others (`age1pq`, `age1tag`) say by their names how long they are, which the library checks where it encrypts. */
const x25519Bytes = 32

const none: readonly Recipient[] = []

function recipientsOf(at: Located<RawStore>): readonly Recipient[] {
  const { value } = at
  if (typeof value === 'string' || (value['age-file'] ?? value.keychain) === undefined) return none
  const under = (raw: RawStore | undefined, path: Path): readonly Recipient[] =>
    typeof raw !== 'object'
      ? []
      : (raw['age-file']?.recipients ?? []).map((text, index) => ({
          text,
          place: { ...at, path: [...path, 'age-file', 'recipients', index] },
        }))
  return [...under(value, at.path), ...under(value.keychain?.fallback, [...at.path, 'keychain', 'fallback'])]
}

/**
 * Reports recipients that a slip of the hand made: every one carries a checksum (Bech32, BIP 173). Without this, the fault would show
 * when a secret is encrypted.
 */
export async function checkRecipients(resolved: readonly ResolvedKey[], report: Report): Promise<void> {
  const recipients: Recipient[] = []
  for (const { stores } of resolved) for (const { at } of stores) recipients.push(...recipientsOf(at))
  if (recipients.length === 0) return
  const { bech32 } = await import('@scure/base')
  const valid = new Map<string, boolean>()
  const isValid = (text: string) => {
    try {
      const { prefix, words } = bech32.decode(text as `${string}1${string}`, false)
      return prefix !== 'age' || bech32.fromWords(words).length === x25519Bytes
    } catch {
      return false
    }
  }
  for (const { text, place } of recipients) {
    const known = valid.get(text) ?? isValid(text)
    valid.set(text, known)
    if (known) continue
    const message = `"${text}" is not an age recipient: its checksum does not fit`
    const hint = 'Copy it again, whole: `age-keygen -y IDENTITY` prints it.'
    report(diagnosticFor(place, { code: 'bad-recipient', message, hint }))
  }
}
