import { apikeysReading } from './apikeys-reading.ts'
import { apikeysWriting } from './apikeys-writing.ts'
import { auth } from './auth.ts'
import type { Command } from './command.ts'
import { keysAsCode } from './keys-as-code.ts'
import { policy } from './policy.ts'
import { secrets } from './secrets.ts'
import { trust } from './trust.ts'
import { tryingOut } from './trying-out.ts'

export const commands: readonly Command[] = [
  ...keysAsCode,
  ...trust,
  ...policy,
  ...apikeysReading,
  ...apikeysWriting,
  ...auth,
  ...secrets,
  ...tryingOut,
]

/** The commands of two words whose first is `word`. */
export function groupOf(word: string): readonly Command[] {
  return commands.filter(({ name }) => name.startsWith(`${word} `))
}
