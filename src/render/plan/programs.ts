import type { Change } from '../../model/change.ts'
import { type ProgramLine, type StoreSpec, storeLabel } from '../../model/store.ts'
import { escapeControls } from '../text/escape.ts'

/** A program of a store that a configuration names by its command line, for programs. */
export interface ProgramJson {
  readonly store: string
  readonly command: 'put' | 'get' | 'remove'
  readonly line: ProgramLine
}

function programsOf(spec: StoreSpec, commands: readonly ProgramJson['command'][]): readonly ProgramJson[] {
  if (spec.kind !== 'exec') return []
  return commands.flatMap(command => {
    const line = spec[command]
    return line === null ? [] : [{ store: storeLabel(spec), command, line }]
  })
}

/**
 * The programs that a change is about: those that apply starts for it, and `remove` of stores that receive the secret, by which
 * it is taken out of there one day. Presets run the tool that their name says.
 */
export function changePrograms(change: Change): readonly ProgramJson[] {
  switch (change.kind) {
    case 'create':
      return change.desired.stores.flatMap(({ spec }) => storePrograms(spec))
    case 'rotate':
    case 'deliver':
    case 'heal':
      return [
        ...change.desired.stores.flatMap(({ spec }) => storePrograms(spec)),
        ...change.removal.from.flatMap(({ spec }) => removalPrograms(spec)),
      ]
    case 'update':
      return change.removal.from.flatMap(({ spec }) => removalPrograms(spec))
    case 'adopt':
    case 'release':
    case 'revoke':
      return []
  }
}

export function storePrograms(spec: StoreSpec): readonly ProgramJson[] {
  return programsOf(spec, ['put', 'get', 'remove'])
}

export function removalPrograms(spec: StoreSpec): readonly ProgramJson[] {
  return programsOf(spec, ['get', 'remove'])
}

/** A command line in which it can be seen where each argument ends. */
export function lineText(line: ProgramLine): string {
  const words = line.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
  return escapeControls(words.join(' '))
}
