import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { keyringHome } from '../test/support/keyring.ts'
import type { Measured } from './measure.ts'
import type { Row } from './rows.ts'
import { atMost } from './targets.ts'

const secrets = 200

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A new keyring on a session bus of its own in each round: the time of the script alone, without its start. */
function keychain(name: string, mode: 'store' | 'binding', targets: Row['targets']): Row {
  return {
    name,
    size: 'large',
    targets,
    open: () => ({
      run: async () => {
        const home = await keyringHome()
        try {
          const script = join(import.meta.dirname, 'keychain.ts')
          const said = await home.run('unlocked', script, [mode, String(secrets)])
          return { ...(JSON.parse(said) as Measured), requests: 0 }
        } finally {
          await home.remove()
        }
      },
    }),
  }
}

/** None where the programs of a keychain without a desktop are missing. */
export function keychainRows(): readonly Row[] {
  if (!['dbus-run-session', 'gnome-keyring-daemon'].every(isOnPath)) return []
  const alone = `${secrets} secrets by the binding of the keychain alone`
  return [
    keychain(alone, 'binding', []),
    keychain(`${secrets} secrets into the keychain`, 'store', [atMost(1.3, alone)]),
  ]
}
